import assert from 'node:assert/strict'
import { load } from 'cheerio'
import { isNotice, type MailFacts, type MailKind } from '../../src/core/mail.js'
import { de } from '../../views/messages/de.js'
import { en } from '../../views/messages/en.js'
import type { Message } from '../../views/messages/keys.js'
import { Renderer } from '../../views/renderer.js'
import { factsOf, HOME, KINDS } from './mail-facts.js'

const MINUTE = 60_000

/** The words between the values that are filled in, each piece long enough to be known again. */
const piecesOf = (message: Message): string[][] =>
  (typeof message === 'string' ? [message] : Object.values(message)).map((text: string) =>
    text.split(/\{\w+\}/).filter((piece) => piece.trim().length > 2),
  )

describe('The words of mails', () => {
  const renderer = new Renderer({ templates: null, messages: {}, report: (error) => assert.fail(String(error)) })
  const mail = (facts: MailFacts, language: string) =>
    renderer.mail(facts, { language, now: facts.occurredAt + MINUTE })
  const variants = (kind: MailKind) => [
    ...[0, 1, 2].map((count) => factsOf(kind, { params: { count, passkey: 'Phone', replaced: 1 } })),
    factsOf(kind, { params: { count: 1, passkey: 'Phone', replaced: 0 }, name: '' }),
  ]

  for (const [language, texts, others] of [
    ['en', en, de],
    ['de', de, en],
  ] as const)
    it(`are all said in ${language}, in both parts alike, and none of the other language`, () => {
      const keys = Object.keys(texts).filter((key) => key.startsWith('mail.')) as (keyof typeof en)[]
      assert.ok(keys.length > 40)
      const all = KINDS.flatMap((kind) => variants(kind).map((facts) => mail(facts, language)))
      const plain = all.map(({ text, html, subject }) => ({
        text: `${subject}\n${text}`,
        html: load(html)('body').text(),
      }))
      for (const key of keys)
        for (const pieces of piecesOf(texts[key]))
          for (const part of ['text', 'html'] as const)
            assert.ok(
              plain.some((each) => pieces.every((piece) => each[part].includes(piece.trim()))),
              `${key} in ${part}`,
            )
      for (const key of keys.filter((each) => piecesOf(others[each]).flat().join('').length > 20))
        for (const [piece] of piecesOf(others[key]).filter(([first]) => (first ?? '').length > 12))
          assert.ok(!plain.some(({ text }) => text.includes(piece!)), `${key} of the other language`)
    })

  it('a mail that links somewhere says so in both parts, and leads nowhere else', () => {
    for (const kind of KINDS) {
      const { text, html } = mail(factsOf(kind), 'en')
      const inText = [...text.matchAll(/https:\S+/g)].map(([url]) => url)
      const $ = load(html)
      const inHtml = $('a')
        .toArray()
        .map((link) => $(link).attr('href')!)
      assert.deepEqual(inHtml.toSorted(), inText.toSorted(), kind)
      assert.ok(inText.every((url) => url.startsWith(`${HOME}/`)))
      assert.equal(
        inText.some((url) => url.includes('/reset-password')),
        kind.endsWith('_link'),
        kind,
      )
      assert.equal(
        inText.some((url) => url.includes('/not-me')),
        isNotice(kind) && kind !== 'email_changed',
        kind,
      )
    }
  })

  it('a link says until when it is good', () => {
    assert.match(mail(factsOf('reset_link'), 'en').text, /works once, until 21 November 2026 at 15:05 UTC\./)
    assert.match(mail(factsOf('reset_link'), 'de').text, /einmal, bis 21\. November 2026 um 15:05 UTC\./)
  })

  it('fetch nothing, run nothing, and need no style sheet of ours', () => {
    for (const kind of KINDS)
      assert.doesNotMatch(mail(factsOf(kind), 'en').html, /<(img|script|link|form|iframe)|url\(|@import/)
  })

  it('a product, a place or a passkey cannot break out of a header, a line or a tag', () => {
    const evil = 'x\r\nBcc: eve@evil.test\u2028\u202e<b title="\'>&evil.test'
    for (const kind of KINDS) {
      const { subject, text, html } = mail(
        factsOf(kind, { productName: evil, name: evil, location: evil, params: { count: 1, passkey: evil } }),
        'en',
      )
      assert.doesNotMatch(subject, /[\p{Cc}\u2028\u202e]/u, kind)
      assert.doesNotMatch(text, /^Bcc|\r|\u202e/m, kind)
      assert.equal(load(html)('b').length, 0, kind)
    }
  })

  it('a long name is cut', () => {
    const { text } = mail(factsOf('passkey_added', { params: { passkey: 'a'.repeat(5_000) } }), 'en')
    assert.ok(text.length < 2_000)
  })
})
