import type { Express } from 'express'
import type { Security } from 'sallyport'
import { openDatabase } from '../../src/stores/sql/database.js'
import { BASE, FIREFOX, type Browser, type Page } from './browser.js'
import { ada, grace, PASSWORDS, startHost, tove, type Host, type HostOptions } from './host.js'
import type { See } from './walk-factors.js'
import { walkGrace } from './walk-passkeys.js'
import { Mailbox } from './mails.js'
import { recovery } from './walk-recovery.js'
import { activityStates, passwordDue, pretendTwoFactor } from './walk-activity.js'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const GOOD = PASSWORDS.u1!
/** More than a page of the list has. */
const MANY = 27

export interface WalkedHost extends Host {
  mailbox: Mailbox
}

/** A host on which `walk` gets everywhere. */
export async function startWalkedHost(options: HostOptions = {}): Promise<WalkedHost> {
  const rule = { isEnforced: false }
  const mailbox = new Mailbox()
  const host = await startHost({
    mail: mailbox.send,
    productName: 'Ledgerly',
    sessions: { perUser: MANY },
    passwords: { rules: 'classic12', rotationReminder: '8d' },
    twoFactor: { enforced: ({ id }) => rule.isEnforced && id === grace.id, trustBrowser: '30d' },
    support: 'help@acme.test',
    securityContact: 'mailto:security@ledgerly.test',
    secureAccount: { review: { label: 'Payouts', href: '/payouts' } },
    ...options,
    routes: (app, security) => {
      walkRoutes(app, security, rule)
      options.routes?.(app, security)
    },
  })
  return { ...host, mailbox }
}

function walkRoutes(app: Express, security: Security, rule: { isEnforced: boolean }): void {
  app.post('/enforce/:yes', (req, res) => {
    rule.isEnforced = req.params.yes === 'true'
    res.json({})
  })
  app.get('/by-passkey', security.requireStepUp({ amr: ['hwk'] }), (_req, res) => void res.send('yes'))
  app.get('/by-code', security.requireStepUp({ amr: ['otp'] }), (_req, res) => void res.send('yes'))
  const named = security.requireStepUp({ action: 'Change the payee' })
  app.all('/payee', named, (_req, res) => void res.send('changed'))
  app.post('/sign-in-as/:id', (req, res, next) => {
    security.signIn(req, req.params.id === tove.id ? tove : ada, { amr: ['fed'] }).then(() => res.json({}), next)
  })
  for (const per of ['1m', '1h'] as const)
    app.get(`/twice/${per}`, security.rateLimit({ points: 1, per }), (_req, res) => void res.send('once'))
}

/** Sees every page in every state that a person meets; their names tell what was done. */
export async function walk(host: WalkedHost): Promise<Map<string, Page>> {
  const seen = new Map<string, Page>()
  const see = (name: string, page: Page) => void seen.set(name, page)
  const signedIn = async (agent?: string) => {
    const browser = host.browser(agent)
    await browser.signIn(ada, GOOD)
    return browser
  }
  await host.security.sessions.revokeAll(ada.id)
  await visitor(host.browser(), see)
  await member(await signedIn(), signedIn, see)
  await refusals(host, await signedIn(), see)
  await activityStates(host, signedIn, see)
  await endings(host, signedIn, see)
  await passwordDue(signedIn, see)
  await managed(host, see)
  await walkGrace(host, see)
  await recovery(host, host.mailbox, see)
  return seen
}

async function visitor(browser: Browser, see: See): Promise<void> {
  const form = await browser.visit(`${BASE}/sign-in?returnTo=/invoices`)
  see('sign-in', form)
  see('sign-in refused', await browser.submit(form, '/sign-in', { email: ada.email, password: 'wrong' }))
  see('sign-in left empty', await browser.submit(form, '/sign-in', { email: '', password: '' }))
  see('sign-in too long', await browser.submit(form, '/sign-in', { email: 'a'.repeat(400), password: 'x' }))
  see(
    'sign-in open for too long',
    await browser.submit(form, '/sign-in', { email: ada.email, password: 'wrong', csrfToken: 'old' }),
  )
  see('404 visitor', await browser.visit(`${BASE}/nothing`))
}

async function member(browser: Browser, another: (agent?: string) => Promise<Browser>, see: See): Promise<void> {
  see('security', await browser.visit(`${BASE}/`))
  see('sessions', await browser.visit(`${BASE}/sessions`))
  see('revoke others, none', await browser.visit(`${BASE}/sessions/revoke-others`))
  await another(FIREFOX)
  await another('')
  const list = await browser.sessions()
  const [mine, its] = [list.find(({ current }) => current)!, list.find(({ current }) => !current)!]
  see('security, three sessions', await browser.visit(`${BASE}/`))
  see('sessions, three', await browser.visit(`${BASE}/sessions`))
  see('revoke others', await browser.visit(`${BASE}/sessions/revoke-others`))
  see('revoke own', await browser.visit(`${BASE}/sessions/${mine.id}/revoke`))
  const question = await browser.visit(`${BASE}/sessions/${its.id}/revoke`)
  see('revoke', question)
  const done = await browser.submit(question, '/revoke')
  see('revoked', await browser.follow(done))
  await another(FIREFOX)
  const named = (await browser.sessions()).find(({ device }) => device.browser === 'Firefox')!
  see(
    'revoked by name',
    await browser.follow(await browser.submit(await browser.visit(`${BASE}/sessions/${named.id}/revoke`), '/revoke')),
  )
  see('revoked before', await browser.follow(await browser.submit(question, '/revoke')))
  see(
    'others revoked',
    await browser.follow(
      await browser.submit(await browser.visit(`${BASE}/sessions/revoke-others`), '/sessions/revoke-others'),
    ),
  )
}

/** What a form or an address is refused with. */
async function refusals(host: Host, browser: Browser, see: See): Promise<void> {
  const page = await browser.visit(`${BASE}/`)
  const change = (currentPassword: string, newPassword: string, confirmPassword = newPassword) =>
    browser.submit(page, '/password', { currentPassword, newPassword, confirmPassword })
  see('password against the rules', await change(GOOD, 'lindqvist'))
  see('password common', await change(GOOD, 'Password1234!'))
  see('password too long', await change(GOOD, `Aa1-${'x'.repeat(300)}`))
  see('password unchanged', await change(GOOD, GOOD))
  see('password wrong everywhere', await change('wrong', '123456789', 'other'))
  see('password left empty', await change('', '', ''))
  see('password changed', await browser.follow(await change(GOOD, PASSWORDS.u2!)))
  await browser.submit(page, '/password', {
    currentPassword: PASSWORDS.u2!,
    newPassword: GOOD,
    confirmPassword: GOOD,
  })
  const step = await browser.visit(`${BASE}/step-up?returnTo=/payouts`)
  see('step-up', step)
  see('step-up refused', await browser.submit(step, '/step-up', { password: 'wrong' }))
  see('step-up left empty', await browser.submit(step, '/step-up', { password: '' }))
  see('404 member', await browser.visit(`${BASE}/nothing`))
  see('403 token', await browser.post(`${BASE}/sign-out`, { csrfToken: 'another' }, { Referer: `${host.url}${BASE}/` }))
  see('405', await browser.visit(`${BASE}/sign-out`))
  see('413', await browser.post(`${BASE}/password`, { currentPassword: 'x'.repeat(200_000) }))
  see('400', await browser.visit(`${BASE}/sessions/%E0%A4%A/revoke`))
  for (const per of ['1m', '1h']) {
    await browser.visit(`/twice/${per}`)
    see(`429 for ${per}`, await browser.visit(`/twice/${per}`))
  }
}

/** Why a session ended, as its browser is told. */
async function endings(host: Host, signedIn: (agent?: string) => Promise<Browser>, see: See): Promise<void> {
  const landing = async (browser: Browser) => browser.follow(await browser.visit('/invoices'))
  const leaving = await signedIn()
  see('signed out', await leaving.follow(await leaving.submit(await leaving.visit(`${BASE}/`), '/sign-out')))
  const lost = await signedIn()
  await host.security.sessions.revokeAll(ada.id)
  see('revoked elsewhere', await landing(lost))
  const oldest = await signedIn()
  for (let i = 1; i < MANY; i += 1) await host.browser().post(`/sign-in-as/${ada.id}`, {})
  const last = await signedIn()
  see('security, many sessions', await last.visit(`${BASE}/`))
  see('sessions, many', await last.visit(`${BASE}/sessions`))
  see('sessions, many, next page', await last.visit(`${BASE}/sessions?page=2`))
  see('too many devices', await landing(oldest))
  const changed = await signedIn()
  await host.security.passwords.set(ada.id, GOOD)
  see('password changed elsewhere', await landing(changed))
  const old = await signedIn()
  host.clock.advance(8 * DAY_MS)
  see('expired', await landing(old))
}

async function managed(host: Host, see: See): Promise<void> {
  const browser = host.browser()
  await browser.post(`/sign-in-as/${tove.id}`, {})
  const page = await browser.visit(`${BASE}/`)
  see('security without a password', page)
  see('secure account without a password', await browser.visit(`${BASE}/secure-account`))
  see('step-up without a password', await browser.visit(`${BASE}/step-up`))
  host.clock.advance(11 * MINUTE_MS)
  see('a form that nothing can confirm', await browser.follow(await browser.post('/payee', { iban: 'PT50' })))
  const db = await openDatabase(host.database)
  await pretendTwoFactor(db, tove.id, host.clock.now())
  see('security without a password, two-factor on', await browser.visit(`${BASE}/`))
  await db.deleteFrom('security_totp').execute()
  await db.destroy()
  const { csrfToken } = page.fieldsOf('/sign-out') as { csrfToken: string }
  see('403 managed', await browser.post(`${BASE}/password`, { csrfToken }))
}
