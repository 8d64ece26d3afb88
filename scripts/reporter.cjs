// mocha's own spec reporter, with the closing line that people and CI read. FAILURES=file: what failed, and why, is added
// to that file as well, so that CI can say it once more after thousands of lines that nobody reads.
const { appendFileSync } = require('node:fs')
const { Spec } = require('mocha').reporters

module.exports = class extends Spec {
  epilogue() {
    super.epilogue()
    console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`)
    if (this.stats.pending) console.log(`(${this.stats.pending} pending: a test that is skipped proves nothing)`)
    if (process.env.FAILURES) appendFileSync(process.env.FAILURES, this.failures.map(told).join(''))
  }
}

const told = (test) => `${test.fullTitle()}\n  ${(test.err?.stack ?? String(test.err)).replaceAll('\n', '\n  ')}\n`
