import { describeProvider } from "../provider.contract.ts";
import { vmHarness } from "./harness.ts";

describeProvider({ name: "libvirt", make: vmHarness, bootMs: 60_000 });
