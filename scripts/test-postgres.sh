#!/usr/bin/env bash
# The tests over HTTP once more, with the record in PostgreSQL in place of SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
export TEST_DATABASE=postgres
exec node --enable-source-maps node_modules/mocha/bin/mocha.js \
  --no-config --reporter scripts/reporter.cjs --timeout 20000 --exit \
  'dist/test/features/*.test.js' 'dist/test/middleware/*.test.js' 'dist/test/attacks/*.test.js' \
  'dist/test/notices/*.test.js'
