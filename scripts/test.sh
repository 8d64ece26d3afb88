#!/usr/bin/env bash
# npm test: installs the services that are missing, builds, runs every test. Arguments go to mocha.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-services.sh
npm run --silent build
exec node --enable-source-maps node_modules/mocha/bin/mocha.js "$@"
