# Makes a fresh clone runnable: npm packages, the build, what the host lacks. Sourced by bin/quickstart and used by
# scripts/test.mjs; skips what is done.

stamp=node_modules/.bothy-installed
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "== npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch "$stamp"
fi

if [ ! -e dist/main.js ] || [ -n "$(find src templates boxes scripts package.json -newer dist/main.js -print -quit)" ]; then
  echo "== build" >&2
  npm run --silent build >&2
fi

echo "== this host" >&2
node bin/run.js doctor --fix --yes >&2
