import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'cheerio'
import { de } from '../../views/messages/de.js'
import { en } from '../../views/messages/en.js'
import type { Message, MessageKey } from '../../views/messages/keys.js'
import { passwordRules } from '../../src/features/passwords/rules.js'

const KEYS = Object.keys(en) as MessageKey[]
const TEXTS: [string, Record<string, Message>][] = [
  ['English', en],
  ['German', de],
]
const filesIn = (folder: string, extension: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name))
const templates = filesIn('views', '.eta')
const code = ['src', 'middleware', 'views']
  .flatMap((folder) => filesIn(folder, '.ts'))
  .filter((file) => !file.includes('messages/'))
const source = [...code, ...templates].map((file) => readFileSync(file, 'utf8')).join('\n')
const placeholders = (message: Message) => [...new Set(JSON.stringify(message).match(/\{\w+\}/g) ?? [])].toSorted()

describe('The message catalogue', () => {
  it('has no text that nothing says', async () => {
    const presets = await Promise.all((['classic12', 'alnum12', 'mixed8', 'nist'] as const).map(passwordRules))
    const built = new Set(presets.flatMap(({ rules }) => rules.map((rule) => `rule.${rule}`)))
    const isRule = (name: string) => new RegExp(`'${name}'`).test(source)
    const unused = KEYS.filter((key) => {
      if (key.startsWith('rule.')) return !built.has(key)
      if (key.startsWith('error.')) return !isRule(key.slice('error.'.length)) && !source.includes(`'${key}'`)
      return !source.includes(`'${key}'`)
    })
    assert.deepEqual(unused, [])
    assert.deepEqual(
      [...built].filter((key) => !Object.hasOwn(en, key)),
      [],
      'each rule has its words',
    )
    const failing = new Set([...source.matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, rule]) => `error.${rule}`))
    assert.deepEqual(
      [...failing].filter((key) => key.includes('_length') && !Object.hasOwn(en, key)),
      [],
    )
  })

  it('is asked for no key that there is not', () => {
    const asked = [...source.matchAll(/\bt\((?:[^()']*\? )?'([\w.]+)'(?: : '([\w.]+)')?/g)].flatMap(
      ([, one, other]) => [one, other],
    )
    const keys = asked.filter((key) => key !== undefined)
    assert.ok(keys.length > 60, `${keys.length} found`)
    assert.deepEqual(
      keys.filter((key) => !Object.hasOwn(en, key)),
      [],
    )
  })

  it('has the same keys, values to fill in and plural forms in both languages', () => {
    assert.deepEqual(Object.keys(de), KEYS, 'also in the same order, for who translates')
    for (const key of KEYS) {
      assert.deepEqual(placeholders(de[key]), placeholders(en[key]), key)
      const [english, german] = [en[key] as Message, de[key]]
      assert.equal(typeof german, typeof english, key)
      if (typeof english !== 'string') assert.deepEqual(Object.keys(german), Object.keys(english), key)
    }
  })

  for (const [language, texts] of TEXTS)
    it(`says something under each key in ${language}: no markup, no stray space`, () => {
      for (const [key, message] of Object.entries(texts))
        for (const text of typeof message === 'string' ? [message] : (Object.values(message) as string[])) {
          assert.ok(text.trim() !== '' && text === text.trim(), key)
          assert.doesNotMatch(text, /<\w|&\w+;| {2}/, key)
        }
    })

  it('is where all words come from: no template has a sentence of its own', () => {
    for (const file of templates) {
      const bare = readFileSync(file, 'utf8').replace(/<%[^]*?%>|<style>[^]*?<\/style>/g, '')
      const $ = load(bare, null, false)
      assert.doesNotMatch($.root().text(), /\p{L}/u, file)
      for (const [, attribute, text] of bare.matchAll(/\b(alt|title|aria-label|placeholder)="([^"]*)"/g))
        assert.doesNotMatch(text!, /\p{L}/u, `${attribute} in ${file}`)
      const quoted = [...readFileSync(file, 'utf8').matchAll(/<%[^]*?%>/g)].flatMap(([tag]) =>
        [...tag.replace(/\/\*[^]*?\*\//g, '').matchAll(/'([^'\n]*)'/g)].map(([, text]) => text!),
      )
      for (const text of quoted) assert.doesNotMatch(text, /^\p{Lu}\p{L}+ |\p{L} \p{L}+ \p{L}/u, `"${text}" in ${file}`)
    }
  })

  it('is where the words of the script come from, too', () => {
    for (const file of filesIn('views/scripts', '.ts')) {
      const bare = readFileSync(file, 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
      for (const [, text] of bare.matchAll(/'([^'\n]*)'|`([^`]*)`/g))
        assert.doesNotMatch(text ?? '', /^\p{Lu}\p{Ll}+ \p{L}/u, file)
    }
  })
})
