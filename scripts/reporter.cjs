// mocha's own spec reporter, with the closing line that people and CI read.
const { Spec } = require('mocha').reporters

module.exports = class extends Spec {
  epilogue() {
    super.epilogue()
    console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`)
    if (this.stats.pending) console.log(`(${this.stats.pending} pending: a test that is skipped proves nothing)`)
  }
}
