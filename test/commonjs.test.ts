import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type * as Sallyport from 'sallyport'

describe('From CommonJS', () => {
  it("require('sallyport') gives what import gives", async () => {
    const required = createRequire(import.meta.url)('sallyport') as typeof Sallyport
    assert.equal(required.createSecurity, (await import('sallyport')).createSecurity)
  })
})
