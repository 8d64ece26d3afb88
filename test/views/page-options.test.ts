import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ConfigurationError, createSecurity } from 'sallyport'
import { ada, SECRET } from '../support/host.js'
import { ownTemplates } from '../support/own-templates.js'
import { tempFolder } from '../support/services.js'

const users = { findById: () => ada, findByEmail: () => ada }

describe('Options of the pages', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  before(async () => void (folder = await tempFolder()))
  after(() => folder.remove())

  async function start(pages: object): Promise<void> {
    const options = { origin: 'http://localhost:3000', secret: SECRET, users, onError: () => {}, pages }
    const database = `sqlite:${join(folder.path, 'a.db')}`
    await (await createSecurity({ ...options, database })).close()
  }

  async function refusal(pages: object): Promise<string> {
    try {
      await start(pages)
    } catch (error) {
      assert.ok(error instanceof ConfigurationError, String(error))
      return error.message
    }
    throw new assert.AssertionError({ message: `started with ${JSON.stringify(pages)}` })
  }

  const inEnglish = (texts: object) => ({ messages: { en: texts } })
  const devices = { one: 'One device.', other: '{count} devices.' }
  const wrong: [string, object, RegExp[]][] = [
    ['an unknown option', { theme: 'dark' }, [/unknown option pages\.theme/, /docs\/options\.md/]],
    [
      'a style sheet of another origin',
      { stylesheets: ['https://cdn.test/a.css'] },
      [/pages\.stylesheets\.0/, /'\/brand\.css'/],
    ],
    [
      'a style sheet of another origin without a scheme',
      { stylesheets: ['//cdn.test/a.css'] },
      [/pages\.stylesheets\.0/],
    ],
    ['one style sheet, not in a list', { stylesheets: '/a.css' }, [/pages\.stylesheets/, /array/]],
    ['a logo of another origin', { logo: 'https://cdn.test/logo.svg' }, [/pages\.logo/, /path of your own/]],
    ['a logo in the page', { logo: 'data:image/svg+xml,<svg/>' }, [/pages\.logo/]],
    [
      'a link to another origin',
      { navigation: [{ label: 'Help', href: 'https://help.test' }] },
      [/pages\.navigation\.0\.href/, /'\/profile'/],
    ],
    [
      'a link that runs a script',
      { navigation: [{ label: 'Help', href: 'javascript:alert(1)' }] },
      [/pages\.navigation\.0\.href/],
    ],
    ['a link without a label', { navigation: [{ label: '', href: '/' }] }, [/pages\.navigation\.0\.label/]],
    [
      'a link with more to it',
      { navigation: [{ label: 'Me', href: '/me', icon: 'me' }] },
      [/unknown option pages\.navigation\.0\.icon/],
    ],
    [
      'links that are none',
      { navigation: { label: 'Me', href: '/me' } },
      [/pages\.navigation/, /list|array/, /function/],
    ],
    ['a language that is no function', { language: 'de' }, [/pages\.language/, /function/]],
    ['a render that is no function', { render: './views' }, [/pages\.render/, /function/]],
    [
      'a language that is none',
      { messages: { de_DE: {} } },
      [/pages\.messages\.de_DE/, /is no language/, /'fr' or 'pt-BR'/],
    ],
    [
      'an unknown text',
      inEnglish({ 'sign_in.titel': 'Hello' }),
      [/pages\.messages\.en\.sign_in\.titel/, /no text of ours/],
    ],
    [
      'a text that is none',
      inEnglish({ 'sign_in.title': 7 }),
      [/pages\.messages\.en\.sign_in\.title/, /must be a text/],
    ],
    [
      'a plural given as a text',
      inEnglish({ 'sessions.others': 'Many devices' }),
      [/sessions\.others/, /one: .*other: /],
    ],
    ['a text given as a plural', inEnglish({ 'sign_in.title': devices }), [/sign_in\.title/, /must be a text/]],
    ['a plural without others', inEnglish({ 'sessions.others': { one: 'One.' } }), [/sessions\.others/, /other: /]],
    ['a plural of numbers', inEnglish({ 'sessions.others': { one: 1, other: 2 } }), [/sessions\.others/, /other: /]],
    [
      'a plural form that no language has',
      inEnglish({ 'sessions.others': { ...devices, ones: 'x' } }),
      [/sessions\.others/],
    ],
    ['no text at all', inEnglish({ 'sign_in.title': null }), [/must be a text/]],
    [
      'a value that we do not fill in',
      inEnglish({ 'nav.back': 'Back to {prodcut}' }),
      [/nav\.back/, /\{prodcut\}/, /it may have \{product\}/],
    ],
    [
      'a value where we fill in nothing',
      inEnglish({ 'sign_in.title': 'Hello {name}' }),
      [/\{name\}/, /it may have none/],
    ],
    [
      'a value in one form',
      inEnglish({ 'sessions.others': { ...devices, one: '{device}' } }),
      [/\{device\}/, /\{count\}/],
    ],
    [
      'a folder that is not there',
      { templates: '/no/such/folder' },
      [/pages\.templates/, /no\/such\/folder/, /folder with \.eta files/],
    ],
  ]
  for (const [name, pages, says] of wrong)
    it(`${name} is refused with what to write`, async () => {
      const message = await refusal(pages)
      for (const each of says) assert.match(message, each)
    })

  it('a template that replaces none of ours is refused, with those that there are', async () => {
    const own = await ownTemplates({ 'elements/buton.eta': 'x' })
    const message = await refusal({ templates: own.path })
    for (const each of [/elements\/buton\.eta replaces none of ours/, /elements\/button\.eta/, /pages\/sign-in\.eta/])
      assert.match(message, each)
    await own.remove()
  })

  for (const [name, text] of [
    ['a tag that is never closed', '<p><%= it.label </p>'],
    ['code that is none', '<% if (it.label { %>x<% } %>'],
  ] as const)
    it(`a template with ${name} is refused with its file`, async () => {
      const own = await ownTemplates({ 'elements/button.eta': text })
      assert.match(
        await refusal({ templates: own.path }),
        /pages\.templates: .*elements\/button\.eta is no template: \S/,
      )
      await own.remove()
    })

  it('what is right starts', async () => {
    const own = await ownTemplates({ 'elements/button.eta': '<b><%= it.label %></b>', 'README.md': 'ours' })
    for (const pages of [
      {},
      {
        templates: own.path,
        logo: '/logo.svg',
        stylesheets: ['/a.css', '/b.css?v=2'],
        navigation: [{ label: 'Me', href: '/me#top' }],
      },
      {
        messages: {
          fr: { 'sign_in.title': 'Se connecter' },
          'zh-Hans': {},
          en: { 'sessions.others': { ...devices, few: '{count}!' } },
        },
      },
    ])
      await start(pages)
    await own.remove()
  })
})
