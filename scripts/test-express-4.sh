#!/usr/bin/env bash
# The tests over HTTP once more, with Express 4 in place of Express 5: a copy of the build, beside the packages as they
# are but for that one. (Loader hooks would not do: mocha loads tests by require, which asks no hooks.)
# EXPRESS=/some/node_modules/express: another version. Arguments: another program than the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r package.json dist views "$work"
ln -s "$root"/{test,src,middleware} "$work"
mkdir "$work/node_modules"
ln -s "$root"/node_modules/* "$work/node_modules"
rm "$work/node_modules/express"
ln -s "${EXPRESS:-$root/node_modules/express4}" "$work/node_modules/express"
cd "$work"
case $(node -p 'require("express/package.json").version') in
  4.*) ;;
  *) echo "this is not Express 4" >&2; exit 1 ;;
esac
if [ $# = 0 ]; then
  set -- node_modules/mocha/bin/mocha.js --no-config --reporter "$root/scripts/reporter.cjs" --timeout 20000 --exit \
    'dist/test/features/*.test.js' 'dist/test/middleware/*.test.js' 'dist/test/strategies/*.test.js' \
    'dist/test/host/*.test.js' 'dist/test/views/*.test.js' 'dist/test/limits/front-door.test.js' \
    'dist/test/limits/known-device.test.js' 'dist/test/limits/request-limits.test.js' \
    'dist/test/limits/step-up-throttle.test.js'
fi
node --enable-source-maps "$@"
