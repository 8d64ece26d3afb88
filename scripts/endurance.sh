#!/usr/bin/env bash
# npm run endurance: the races between two processes, 2,000 rounds per store, and a table of what was tried and what
# broke; and a minute without PostgreSQL under load.
# ROUNDS=500 npm run endurance: another number.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-services.sh
export ROUNDS="${ROUNDS:-2000}"
# no configuration: it names all tests, and mocha would run those as well
exec node --enable-source-maps node_modules/mocha/bin/mocha.js --no-config --exit \
  --reporter scripts/reporter.cjs --spec dist/test/race/revival.test.js --spec dist/test/postgres/outage.test.js
