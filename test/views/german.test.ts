import assert from 'node:assert/strict'
import type { Page } from '../support/browser.js'
import { startWalkedHost, walk, type WalkedHost } from '../support/walk.js'
import { ALL_KEYS, keysOn } from './sentences.js'

const spoken = (page: Page) => page.$('html').attr('lang')

describe('Every page in every state, in German', function () {
  this.timeout(60_000) // it walks through all of them
  let host: WalkedHost
  let pages: Map<string, Page>
  before(async () => {
    host = await startWalkedHost({ pages: { language: () => 'de' } })
    pages = await walk(host)
  })
  after(() => host?.close())

  it('is called German, and has no English sentence left', () => {
    for (const [name, page] of pages) {
      assert.equal(spoken(page), 'de', name)
      assert.deepEqual(keysOn(page, 'en'), [], name)
    }
    assert.deepEqual(host.errors, [])
  })

  it('names devices in German', async () => {
    assert.match(pages.get('sessions, three')!.text, /Firefox auf Linux/)
    assert.match(pages.get('sessions, three')!.text, /Unbekanntes Gerät/)
  })

  it('together they say everything that there is to say', () => {
    const said = new Set([...pages.values()].flatMap((page) => keysOn(page, 'de')))
    assert.deepEqual(
      ALL_KEYS.filter((key) => !said.has(key) && !SEEN_ELSEWHERE.has(key) && !IN_MAILS.test(key)),
      [],
    )
  })

  it('and English pages have no German left', async () => {
    const plain = await startWalkedHost()
    for (const [name, page] of await walk(plain)) assert.deepEqual(keysOn(page, 'de'), [], name)
    await plain.close()
  })
})

/** See test/notices/words.test.ts. */
const IN_MAILS = /^mail\./

/** Texts of states that this walk does not come to. */
const SEEN_ELSEWHERE = new Set([
  'password.at_host', // session: 'host'
  'activity.signed_in_from', // where there is a file of places
  'activity.signed_in_unknown_from',
  'sessions.none', // a fragment whose session has ended meanwhile
  'sessions.unknown_ip', // a session that security.signIn began without an address
  'two_factor.lost', // a host that names no support
  'time.soon', // see times.test.ts
  'rule.letter', // the preset alnum12
  'error.letter',
  // what the list of rules marks, for an engine of the host's
  'error.min_length',
  'error.max_length',
  'error.uppercase',
  'error.lowercase',
  'error.number',
  'error.symbol',
  'error.common',
  'error.personal',
  'page.forbidden.title', // API keys
  'page.forbidden.text',
  'page.busy.title', // a crowd: above
  'page.busy.text',
  'page.unavailable.title', // a store is gone
  'page.unavailable.text',
  'page.internal.title', // a fault of ours
  'page.internal.text',
])
