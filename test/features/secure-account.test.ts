import assert from 'node:assert/strict'
import { openDatabase } from '../../src/stores/sql/database.js'
import { BASE, FIREFOX, type Browser, type Page } from '../support/browser.js'
import { ada, PASSWORDS, startHost, tove, type Host, type HostOptions } from '../support/host.js'
import { pretendTwoFactor } from '../support/walk-activity.js'

const DAY_MS = 86_400_000
const PAGE = `${BASE}/secure-account`
const NEW = 'Violet-Kettle-77-Moor'

/** The steps as somebody reads them: title and state. */
const steps = (page: Page) =>
  page
    .$('.sp-checklist ol > .sp-card')
    .map((_, each) => [[page.$(each).find('h2').text(), page.$(each).find('.sp-badge').text()]])
    .get()

describe('Secure my account', () => {
  let host: Host
  afterEach(() => host?.close())
  async function start(options: HostOptions = {}): Promise<Browser> {
    host = await startHost({
      ...options,
      routes: (app, security) => {
        app.post('/sign-in-as-tove', (req, res, next) => {
          security.signIn(req, tove, { amr: ['fed'] }).then(() => res.json({}), next)
        })
      },
    })
    host.clock.advance(2 * DAY_MS)
    const browser = host.browser()
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303)
    return browser
  }

  it('is for whoever is signed in; the Security page and the activity lead there', async () => {
    const browser = await start()
    assert.match((await host.browser().visit(PAGE)).location, /\/sign-in\?returnTo=/)
    for (const path of ['/', '/activity'])
      assert.equal((await browser.visit(BASE + path)).$(`main a[href="${PAGE}"]`).length, 1, path)
  })

  it('leads through every step until all are done', async () => {
    const browser = await start()
    await host.browser(FIREFOX).signIn(ada, PASSWORDS.u1!)
    let page = await browser.visit(PAGE)
    assert.match(page.text, /4 steps are left/)
    assert.deepEqual(steps(page), [
      ['Change your password', 'To do'],
      ['Sign out everywhere else', 'To do'],
      ['Enable two-factor', 'To do'],
      ['Review your activity', 'To do'],
    ])
    assert.equal(page.$('#step-activity .sp-event').length, 3)

    const out = await browser.submit(page, '/sessions/revoke-others')
    assert.deepEqual([out.status, out.location], [303, PAGE])
    page = await browser.follow(out)
    assert.match(page.text, /One other device was signed out\..*3 steps are left.*No other device is signed in\./)

    page = await browser.follow(await browser.submit(page, '/secure-account'))
    assert.match(page.text, /Your review of the activity is noted\..*2 steps are left/)

    const card = await browser.visit(page.$('#step-password a').attr('href')!)
    assert.equal(card.$('#password form').attr('action'), `${BASE}/password`)
    const typed = { currentPassword: PASSWORDS.u1!, newPassword: NEW, confirmPassword: NEW }
    await browser.submit(card, '/password', typed)
    page = await browser.visit(PAGE)
    assert.deepEqual(
      steps(page).map(([, state]) => state),
      ['Done', 'Done', 'To do', 'Done'],
    )

    const enrol = await browser.follow(await browser.submit(page, '/totp/enrol'))
    assert.match(enrol.text, /Set up your authenticator app|Confirm it is you/)
    host.clock.advance(DAY_MS)
    page = await browser.visit(PAGE)
    assert.deepEqual(
      steps(page).map(([, state]) => state),
      ['To do', 'Done', 'To do', 'To do'],
    )
  })

  it('says two-factor is done where it is on', async () => {
    const browser = await start()
    const db = await openDatabase(host.database)
    await pretendTwoFactor(db, ada.id, host.clock.now())
    await db.destroy()
    const { json } = await browser.json(PAGE)
    assert.deepEqual([(json.twoFactor as { state: string }).state, json.left], ['done', 2])
  })

  it('keeps the review in the audit log, as something that the user has done', async () => {
    const browser = await start()
    await browser.submit(await browser.visit(PAGE), '/secure-account')
    const page = await browser.visit(`${BASE}/activity`)
    assert.equal(page.$('.sp-event-name').first().text(), 'You looked through your activity')
    const { events } = (await browser.json(`${BASE}/activity`)).json as { events: { action: string }[] }
    assert.equal(events[0]!.action, 'auth.account_reviewed')
  })

  it('takes no review without the token, nor from a stranger', async () => {
    const browser = await start()
    assert.equal((await browser.post(PAGE, { csrfToken: 'another' })).status, 403)
    assert.equal((await host.browser().post(PAGE, {})).status, 303)
    assert.equal(((await browser.json(PAGE)).json.activity as { state: string }).state, 'todo')
  })

  it('shows no step that cannot be done: an identity provider keeps the password', async () => {
    await start()
    const browser = host.browser()
    await browser.post('/sign-in-as-tove', {})
    const page = await browser.visit(PAGE)
    assert.deepEqual(steps(page)[0], ['Change your password', 'Nothing to do here'])
    assert.match(page.$('#step-password').text(), /Managed by your identity provider/)
    assert.equal(page.$('#step-password a, #step-password form').length, 0)
    assert.match(page.text, /2 steps are left/)
  })

  it('names the page of the app where that keeps the password, its own step, and who helps', async () => {
    await start({
      support: 'help@acme.test',
      passwords: { changePath: '/profile/password' },
      secureAccount: { review: { label: 'Review recent <payments>', href: '/payments' } },
    })
    const browser = host.browser()
    await browser.post('/sign-in-as-tove', {})
    const page = await browser.visit(PAGE)
    assert.equal(page.$('#step-password a').attr('href'), '/profile/password')
    assert.equal(page.$('#step-review h2').text(), 'Review recent <payments>')
    assert.equal(page.$('#step-review a').attr('href'), '/payments')
    assert.equal(page.$('.sp-habits a').attr('href'), 'mailto:help@acme.test')
    assert.equal(page.$('.sp-habits li').length, 4)
  })

  it('refuses an own step that leads elsewhere', async () => {
    const review = { label: 'Review', href: 'https://elsewhere.test/' }
    await assert.rejects(
      startHost({ secureAccount: { review } }),
      /secureAccount\.review\.href must be a path of your own/,
    )
    host = await startHost()
  })
})

describe('The reminder of a new password', () => {
  let host: Host
  afterEach(() => host?.close())
  const banner = async (): Promise<string> => {
    const browser = host.browser()
    assert.equal((await browser.signIn(ada, PASSWORDS.u1!)).status, 303, 'it never blocks')
    return (await browser.visit(`${BASE}/`)).$('#password .sp-banner').text().trim()
  }

  it('comes when the password is as old as the app says, and goes with the new one', async () => {
    host = await startHost({ passwords: { rotationReminder: '90d' } })
    host.clock.advance(89 * DAY_MS)
    assert.equal(await banner(), '')
    host.clock.advance(3 * DAY_MS)
    assert.equal(await banner(), 'Your password is 92 days old. Time for a new one.')
    await host.security.passwords.set(ada.id, NEW)
    await host.security.passwords.set(ada.id, PASSWORDS.u1!)
    assert.equal(await banner(), '')
  })

  it('never comes where the app asks for none', async () => {
    host = await startHost()
    host.clock.advance(900 * DAY_MS)
    assert.equal(await banner(), '')
  })
})
