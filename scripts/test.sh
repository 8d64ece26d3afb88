#!/usr/bin/env bash
# npm test: installs the services that are missing, builds, runs every test. Arguments go to mocha: npm test -- -g cart
# Two files at a time, first most of them, then those in which stores fail; then, alone, those that measure a crowd.
# What pictures compare is apart: npm run test:look. SERIAL=1: none side by side. WITHOUT='browser': not these folders.
set -uo pipefail
cd "$(dirname "$0")/.."
node=${NODE:-node}
bash scripts/install-services.sh || exit 1
npm run --silent build || exit 1
mocha=("$node" --enable-source-maps node_modules/mocha/bin/mocha.js)
if [ $# -gt 0 ]; then exec "${mocha[@]}" "$@"; fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
run() { "${mocha[@]}" --no-config --no-color --forbid-only --exit --slow 2000 --reporter scripts/reporter.cjs "$@" 2>&1 | tee -a "$log" || code=1; }

failing=('dist/test/redis/*.test.js' dist/test/postgres/outage.test.js) # stores that fail: they mostly wait
timed='dist/test/limits/*.test.js'
side_by_side=(--parallel --jobs 2 --timeout 60000)
[ -n "${SERIAL:-}" ] && side_by_side=(--timeout 20000)
without=()
for folder in look ${WITHOUT:-}; do without+=(--ignore "dist/test/$folder/*.test.js"); done
run "${side_by_side[@]}" "${failing[@]/#/--ignore=}" --ignore "$timed" "${without[@]}" 'dist/test/**/*.test.js'
run "${side_by_side[@]}" "${failing[@]}"
run --timeout 20000 "$timed"
count() { grep -oE '^[0-9]+ passed, [0-9]+ failed' "$log" | awk -v n="$1" '{ sum += $n } END { print sum + 0 }'; }
echo "$(count 1) passed, $(count 3) failed"
exit "$code"
