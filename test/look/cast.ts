import assert from 'node:assert/strict'
import type { APIRequestContext, Page } from 'playwright-core'
import { people, demoPasswords } from '../../demo/people.js'
import { until } from '../support/clock.js'
import { DEVICES, oneOfMany, type Device } from './devices.js'
import { fillIn, press, visit } from './scene.js'
import { BASE, NOW, type Stage } from './stage.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MANY = 50

/** Nobody; somebody has guessed the password of this address for a while. */
export const GUESSED = 'nils@acme.test'

/** Everybody's browsers, at the moment of the pictures. */
export interface Cast {
  /** Has five devices; this is her laptop. */
  ada: Page
  /** Her tablet, which she has not used since yesterday. */
  tablet: Page
  /** Has two devices. */
  grace: Page
  gracesPhone: Page
  /** Has fifty, and had one more. */
  edsger: Page
  edsgersFirst: Page
  /** Has no password: her organization's identity provider signs her in. */
  tove: Page
  /** Has one device; and an older one, whose session has expired. */
  lin: Page
  linsMac: Page
}

const credentialsOf = (id: string) => ({
  email: people.find((person) => person.id === id)!.email,
  password: demoPasswords[id]!,
})

/** Lets everybody sign in, each at a time of their own, and comes back when it is now. */
export async function gather(stage: Stage): Promise<Cast> {
  const cast: Partial<Cast> = {}
  const enters = (who: keyof Cast, id: string, device: Device) => async () => {
    cast[who] = await signInAt(await stage.open(device), credentialsOf(id))
  }
  const signsIn = (id: string, device: Device) => async () => {
    assert.equal(await send(await stage.unseen(device), credentialsOf(id)), 200)
  }
  const past: [beforeNow: number, does: () => Promise<void>][] = [
    [8 * DAY, enters('linsMac', 'u5', DEVICES.mac)],
    [6.8 * DAY, enters('edsgersFirst', 'u3', DEVICES.officePc)],
    ...Array.from({ length: MANY - 1 }, (_, i): [number, () => Promise<void>] => [
      (MANY - i) * 3 * HOUR + i * MINUTE,
      signsIn('u3', oneOfMany(i)),
    ]),
    [40 * MINUTE, enters('edsger', 'u3', DEVICES.mac)],
    [6 * DAY, enters('tablet', 'u1', DEVICES.tablet)],
    [5 * DAY, signsIn('u1', DEVICES.officePc)],
    [29 * HOUR, () => used(cast.tablet!, 29 * HOUR)],
    [5 * HOUR, signsIn('u1', DEVICES.phone)],
    [2 * HOUR, enters('ada', 'u1', DEVICES.laptop)],
    [18 * MINUTE, signsIn('u1', DEVICES.silent)],
    [3 * DAY, enters('gracesPhone', 'u2', DEVICES.android)],
    [3 * HOUR, enters('grace', 'u2', DEVICES.mac)],
    [3 * HOUR - MINUTE, enters('lin', 'u5', DEVICES.laptop)],
    [4 * HOUR, async () => void (cast.tove = await enterAsTove(stage))],
    ...guesses().map((before): [number, () => Promise<void>] => [before, () => guess(stage)]),
  ]
  for (const [beforeNow, does] of past.toSorted(([one], [other]) => other - one)) {
    stage.goTo(beforeNow)
    await does()
  }
  stage.goTo(0)
  const { ada, grace, edsger, tove, lin } = cast as Cast
  for (const page of [ada, grace, edsger, tove, lin]) await used(page, 0)
  return cast as Cast
}

/** Through the form, since Chromium reckons the age of cookies by the demo's Date. */
async function signInAt(page: Page, credentials: Record<string, string>): Promise<Page> {
  await visit(page, '/sign-in?returnTo=/account/security/')
  await fillIn(page, credentials)
  await press(page, 'Sign in')
  await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor()
  return page
}

/** Sends the form of the sign-in page, as a script would; resolves with the status. */
async function send(request: APIRequestContext, credentials: Record<string, string>): Promise<number> {
  const { csrfToken } = (await (await request.get(`${BASE}/sign-in`, JSON_PLEASE)).json()) as { csrfToken: string }
  const data = { ...credentials, csrfToken }
  const status = (await request.post(`${BASE}/sign-in`, { ...JSON_PLEASE, data })).status()
  await request.dispose()
  return status
}

const JSON_PLEASE = { headers: { Accept: 'application/json' } }

async function enterAsTove(stage: Stage): Promise<Page> {
  const page = await stage.open(DEVICES.phone)
  await page.request.post('/demo/sign-in-as-tove')
  return page
}

/** Uses the session: the time is written down outside the request, so it is waited for. */
async function used(page: Page, beforeNow: number): Promise<void> {
  interface Listed {
    sessions: { current: boolean; lastActiveAt: string }[]
  }
  const lastActive = async () => {
    const { sessions } = (await (await page.request.get(`${BASE}/sessions`, JSON_PLEASE)).json()) as Listed
    return sessions.find(({ current }) => current)?.lastActiveAt
  }
  const now = new Date(NOW - beforeNow).toISOString()
  await until('the time of the last use', async () => (await lastActive()) === now, 5_000)
}

/** The fifth begins the waits, of 1, 2, 4 ... 256 s; the last one began a minute ago. */
function guesses(): number[] {
  const waits = Array.from({ length: 9 }, (_, i) => 2 ** i)
  const since = (wait: number) => MINUTE + (256 - wait) * 1_000
  return [...Array<number>(4).fill(since(0)), ...waits.map(since)]
}

async function guess(stage: Stage): Promise<void> {
  assert.equal(await send(await stage.unseen(DEVICES.script), { email: GUESSED, password: 'a guess' }), 422)
}
