#!/usr/bin/env bash
# Every page in every state once more, for CI: beside its picture in docs/images, and in German. Apart from npm test,
# which has every state in English, because looking at four hundred pages takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-services.sh
npm run --silent build
exec node --enable-source-maps node_modules/mocha/bin/mocha.js \
  --no-config --parallel --jobs 2 --reporter scripts/reporter.cjs --timeout 60000 --forbid-only --exit 'dist/test/look/*.test.js'
