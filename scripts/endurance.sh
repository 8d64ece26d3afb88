#!/usr/bin/env bash
# npm run endurance: the long forms of the tests, and one table of what was tried and what broke.
# npm run endurance -- crowd guessing: only these (`races`, or the names of the programs in test/endurance).
# ROUNDS=500 npm run endurance: other numbers of rounds in the races.
set -uo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-services.sh || exit 1
export ROUNDS="${ROUNDS:-2000}" PASSKEY_ROUNDS="${PASSKEY_ROUNDS:-200}" SUSPENDED_ROUNDS="${SUSPENDED_ROUNDS:-200}"
ENDURANCE_ROWS=$(mktemp)
export ENDURANCE_ROWS
trap 'rm -f "$ENDURANCE_ROWS"' EXIT
failed=()

wanted() { # wanted NAME: is it asked for, or nothing in particular?
  [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $1 "* ]]
}
only=("$@")

if wanted races; then
  # no configuration: it names all tests, and mocha would run those as well
  node --enable-source-maps node_modules/mocha/bin/mocha.js --no-config --exit \
    --reporter scripts/reporter.cjs --spec dist/test/race/revival.test.js \
    --spec dist/test/race/passkeys.test.js --spec dist/test/limits/suspended-posts.test.js || failed+=(races)
fi
for program in dist/test/endurance/*.js; do
  name=$(basename "$program" .js)
  wanted "$name" || continue
  echo "== $name" >&2
  node --enable-source-maps "$program" || failed+=("$name")
done

echo
node scripts/endurance-table.mjs "$ENDURANCE_ROWS"
[ ${#failed[@]} -eq 0 ] || { echo "broken: ${failed[*]}"; exit 1; }
