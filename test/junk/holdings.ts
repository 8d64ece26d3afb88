import { Browser, BASE } from '../support/browser.js'

/** Who is signed in while the junk comes: what it does to the sessions of one ends none of the next one's. */
export const members = Array.from({ length: 8 }, (_, i) => ({
  id: `member${i}`,
  email: `member${i}@acme.test`,
  name: 'Vera Quill',
}))

/** What the sender of junk holds: sessions in every state, and forms that go with them. */
export interface Holdings {
  /** Alive, with its token and public id. */
  member: { cookie: string; token: string; id: string }
  /** Public id of another session of the same person. */
  other: string
  /** A form that a visitor has open. */
  visitor: { cookie: string; token: string }
  /** Session cookies of sessions that are over, and why. */
  dead: readonly string[]
  /** A message for the next page. */
  flash: string
}

async function enter(url: string, who: { id: string }): Promise<Browser> {
  const browser = new Browser(url)
  const page = await browser.post(`/enter?as=${who.id}`, {})
  if (page.status !== 200) throw new Error(`an honest sign-in is answered ${page.status}: ${page.response.text}`)
  return browser
}

const tokenOf = async (browser: Browser): Promise<string> =>
  (await browser.visit(`${BASE}/`)).fieldsOf('/sign-out').csrfToken!

/** Keeps what an answer to the member's request brings, as a browser does: a step-up gives the session a new id. */
export function keepCookie(held: Holdings, answer: string): void {
  const fresh = /^Set-Cookie: sallyport=([^;\r]+)/im.exec(answer)?.[1]
  if (fresh) held.member.cookie = fresh
}

/** Signs one of them in as often as is needed. That it succeeds also says that the host is in its right mind. */
export async function holdingsOf(url: string, who: { id: string }): Promise<Holdings> {
  const [signedOut, revoked, replaced] = [await enter(url, who), await enter(url, who), await enter(url, who)]
  const dead = [signedOut, revoked, replaced].map((browser) => browser.cookie()!)
  const out = await signedOut.post(`${BASE}/sign-out`, { csrfToken: await tokenOf(signedOut) })
  if (out.status !== 303) throw new Error(`an honest sign-out is answered ${out.status}`)
  // entering again in the same browser ends the session it had; revoking the others ends that of another browser
  await replaced.post(`/enter?as=${who.id}`, {})
  await replaced.post(`${BASE}/sessions/revoke-others`, { csrfToken: await tokenOf(replaced) })

  const [member, other, visitor] = [await enter(url, who), await enter(url, who), new Browser(url)]
  const form = (await visitor.visit(`${BASE}/sign-in`)).fieldsOf('/sign-in').csrfToken!
  const idOf = async (browser: Browser) => (await browser.sessions()).find((each) => each.current)!.id
  return {
    member: { cookie: member.cookie()!, token: await tokenOf(member), id: await idOf(member) },
    other: await idOf(other),
    visitor: { cookie: visitor.cookie('sallyport_form')!, token: form },
    dead,
    flash: signedOut.cookie('sallyport_flash')!,
  }
}
