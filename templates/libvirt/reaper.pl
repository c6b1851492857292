# reaper NUMBER PROGRAM...: runs a daemon and collects what it leaves to process 1, as a good process 1 would.
# Where process 1 collects late or never, libvirt waits for each QEMU that has long ended. Ends with the last of them.
# NUMBER is that of prctl(2); 36 is PR_SET_CHILD_SUBREAPER.
use strict;
use warnings;
my $prctl = shift;
syscall($prctl + 0, 36, 1, 0, 0, 0);
my $child = fork;
if (!$child) { exec { $ARGV[0] } @ARGV; exit 127 }
$0 = "bothy-reaper $ARGV[0]";
1 while waitpid(-1, 0) > 0;
