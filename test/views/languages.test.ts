import assert from 'node:assert/strict'
import type { PageOptions } from 'sallyport'
import { BASE, FIREFOX, type Page } from '../support/browser.js'
import { StillClock, until } from '../support/clock.js'
import { ada, PASSWORDS, startHost, type Host, type HostOptions } from '../support/host.js'

const TITLES: Record<string, string> = { en: 'Sign in', de: 'Anmelden', fr: 'Se connecter' }
const spoken = (page: Page) => page.$('html').attr('lang')

describe('The language of a page', () => {
  let host: Host
  const start = async (pages: PageOptions, options: HostOptions = {}) =>
    void (host = await startHost({ pages, ...options }))
  afterEach(() => host?.close())
  const signIn = (headers: Record<string, string> = {}) => host.browser().visit(`${BASE}/sign-in`, headers)

  it('is what the browser asks for, as far as there are texts; else English', async () => {
    await start({})
    for (const [asked, language] of [
      ['de', 'de'],
      ['de-AT', 'de'],
      ['DE-ch,fr;q=0.9', 'de'],
      ['fr, de;q=0.5', 'de'],
      ['fr;q=0.9, en;q=0.2, de;q=0.3', 'de'],
      ['en-US,en;q=0.9,de;q=0.8', 'en'],
      ['de;q=0, fr', 'en'],
      ['fr', 'en'],
      ['*', 'en'],
      ['', 'en'],
      [';;q=,,=\u00a0de_', 'en'],
      ['x'.repeat(4000), 'en'],
    ] as const) {
      const page = await signIn({ 'Accept-Language': asked })
      assert.deepEqual([spoken(page), page.$('h1').text()], [language, TITLES[language]], asked)
      assert.match(String(page.response.headers.vary), /Accept-Language/)
    }
    assert.equal(spoken(await signIn()), 'en', 'no header at all')
    assert.deepEqual(host.errors, [])
  })

  it('is what the host says, before what the browser asks for', async () => {
    await start({ language: (req) => req.get('x-language') })
    const german = { 'Accept-Language': 'de' }
    for (const [said, language] of [
      ['en', 'en'],
      ['EN-gb', 'en'],
      ['de-AT', 'de'],
      ['fr', 'de'],
      ['', 'de'],
      ['nonsense__', 'de'],
    ] as const)
      assert.equal(spoken(await signIn({ ...german, 'X-Language': said })), language, said)
    assert.equal(spoken(await signIn(german)), 'de', 'nothing said')
    assert.equal(spoken(await signIn({ 'X-Language': 'de', 'Accept-Language': 'en' })), 'de')
  })

  it("is what the browser asks for where the host's function fails, and that is reported", async () => {
    await start({
      language: () => {
        throw new Error('no locale')
      },
    })
    const page = await signIn({ 'Accept-Language': 'de' })
    assert.deepEqual([page.status, spoken(page)], [200, 'de'])
    assert.match(String(host.errors[0]), /no locale/)
  })

  it("may be a third one of the host's, which says in English what it has no text for", async () => {
    const fr = {
      'sign_in.title': 'Se connecter',
      'sessions.others': { one: 'Un autre appareil.', other: '{count} autres appareils.' },
    }
    await start({ messages: { fr, en: { 'sign_in.submit': 'Come in' }, 'de-AT': { 'sign_in.title': 'Grüß Gott' } } })
    const french = { 'Accept-Language': 'fr-CA, de;q=0.5' }
    const page = await signIn(french)
    assert.deepEqual([spoken(page), page.$('h1').text()], ['fr', 'Se connecter'])
    assert.equal(
      page.$('[action$="/sign-in"] button[type=submit]').text(),
      'Sign in',
      "English as we say it: the host's own English is another language",
    )
    assert.equal((await signIn()).$('[action$="/sign-in"] button[type=submit]').text(), 'Come in')
    const austrian = await signIn({ 'Accept-Language': 'de-AT' })
    assert.deepEqual([austrian.$('h1').text(), austrian.$('label').first().text()], ['Grüß Gott', 'E-Mail'])
    assert.equal(
      austrian.$('[action$="/sign-in"] button[type=submit]').text(),
      'Anmelden',
      'what it leaves out is said as de does',
    )

    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
    assert.match((await browser.visit(`${BASE}/`, french)).text, /just now.*Un autre appareil\./)
    await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
    assert.match((await browser.visit(`${BASE}/`, french)).text, /2 autres appareils\./)
  })

  it('has the plural forms that it has: Polish has four', async () => {
    const devices = {
      zero: 'nic',
      one: 'jedno',
      few: '{count} urządzenia',
      many: '{count} urządzeń',
      other: '{count} urządzenia (?)',
    }
    await start({ messages: { pl: { 'revoke_others.text': devices } } })
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    const said: string[] = []
    for (let others = 0; others <= 5; others += 1) {
      const page = await browser.visit(`${BASE}/sessions/revoke-others`, { 'Accept-Language': 'pl' })
      said.push(page.$('main article > p').text())
      await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
    }
    assert.deepEqual(said, ['nic', 'jedno', '2 urządzenia', '3 urządzenia', '4 urządzenia', '5 urządzeń'])
  })

  it('tells times as it does: relative, and exactly', async () => {
    const clock = new StillClock(Date.UTC(2026, 10, 21, 14, 5))
    await start({}, { clock })
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    clock.advance(2 * 60_000)
    for (const [language, ago, exactly] of [
      ['en', '2 minutes ago', '21 November 2026 at 14:05 UTC'],
      ['de', 'vor 2 Minuten', '21. November 2026 um 14:05 UTC'],
    ] as const) {
      const page = await browser.visit(`${BASE}/`, { 'Accept-Language': language })
      const time = page.$('.sp-password').parent().find('time').first()
      assert.deepEqual([time.text(), time.attr('title')], [ago, exactly])
    }
  })

  it('changes no answer to a script', async () => {
    await start({})
    const browser = host.browser()
    await browser.signIn(ada, PASSWORDS.u1!)
    await host.browser('').signIn(ada, PASSWORDS.u1!)
    const { csrfToken } = (await browser.json(`${BASE}/`)).json
    const ask: ((headers: Record<string, string>) => Promise<Page>)[] = [
      (headers) => browser.json(`${BASE}/`, undefined, headers),
      (headers) => browser.json(`${BASE}/sessions`, undefined, headers),
      (headers) => browser.json(`${BASE}/sessions/revoke-others`, undefined, headers),
      (headers) => browser.json(`${BASE}/step-up`, undefined, headers),
      (headers) => browser.json(`${BASE}/nothing`, undefined, headers),
      (headers) => browser.json(`${BASE}/step-up`, { csrfToken, password: 'wrong' }, headers),
      (headers) =>
        browser.json(
          `${BASE}/password`,
          { csrfToken, currentPassword: 'x', newPassword: 'y', confirmPassword: 'z' },
          headers,
        ),
    ]
    for (const [i, each] of ask.entries()) {
      const [english, german] = [await each({ 'Accept-Language': 'en' }), await each({ 'Accept-Language': 'de' })]
      assert.equal(german.bytes, english.bytes, `answer ${i}`)
      assert.doesNotMatch(german.bytes, / auf |Unbekannt/)
    }
    const { sessions } = (await browser.json(`${BASE}/sessions`, undefined, { 'Accept-Language': 'de' })).json
    assert.match(JSON.stringify(sessions), /"Chrome on Linux".*"Unknown device"/)
  })

  it('is that of each reader on the page that a crowd is refused with', async () => {
    await start({}, { passwords: { hashing: { concurrent: 1, waiting: 0 } } })
    const crowd = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const browser = host.browser()
        return { browser, form: await browser.visit(`${BASE}/sign-in`), language: i % 2 ? 'de-AT, en;q=0.1' : 'en' }
      }),
    )
    const refused = { de: 0, en: 0 }
    const rush = async () => {
      const answers = await Promise.all(
        crowd.map(({ browser, form, language }) =>
          browser.submit(
            form,
            '/sign-in',
            { email: 'nobody@acme.test', password: 'x' },
            { 'Accept-Language': language },
          ),
        ),
      )
      for (const [i, page] of answers.entries()) {
        if (page.status !== 503) continue
        const language = i % 2 ? 'de' : 'en'
        refused[language] += 1
        const title = { de: 'Gerade melden sich viele an', en: 'Many people are signing in right now' }[language]
        assert.deepEqual([spoken(page), page.$('h1').text()], [language, title])
        assert.equal(page.response.headers.vary, 'Accept, Accept-Language')
        if (language === 'de') assert.match(page.text, /Versuchen Sie es in 2 Sekunden wieder\./)
      }
    }
    await until(
      'some of each were refused',
      async () => {
        await rush()
        return refused.de > 0 && refused.en > 0
      },
      15_000,
    )
  })
})
