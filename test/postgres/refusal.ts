import assert from 'node:assert/strict'
import { ConfigurationError } from 'sallyport'
import { openDatabase, type DatabaseOptions } from '../../src/stores/sql/database.js'

/** The message of the ConfigurationError with which this database refuses to open. */
export async function refusal(url: string, options?: DatabaseOptions): Promise<string> {
  try {
    await (await openDatabase(url, options)).destroy()
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error))
    return error.message
  }
  throw new assert.AssertionError({ message: `opened ${url}` })
}
