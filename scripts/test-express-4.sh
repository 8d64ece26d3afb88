#!/usr/bin/env bash
# The tests over HTTP once more, with Express 4 in place of Express 5.
set -euo pipefail
cd "$(dirname "$0")/.."
exec node --enable-source-maps --import ./scripts/express-4.mjs node_modules/mocha/bin/mocha.js \
  --no-config --reporter scripts/reporter.cjs --timeout 20000 --exit \
  'dist/test/features/*.test.js' 'dist/test/middleware/*.test.js' 'dist/test/limits/*.test.js'
