import type { PasskeyView } from '../../views/models.js'
import type { Authenticator } from './passkey-authenticator.js'
import { BASE, type Browser, type Page } from './browser.js'

const PASSKEYS = `${BASE}/passkeys`

/** POSTs as a script of our pages does, with the token of the page. */
export async function send(browser: Browser, path: string, body: object = {}): Promise<Page> {
  const signIn = await browser.json(`${BASE}/sign-in`)
  return browser.json(path, { ...body, csrfToken: signIn.json.csrfToken })
}

export const askToRegister = (browser: Browser) => send(browser, `${PASSKEYS}/register/options`)
export const askToSignIn = (browser: Browser, body = {}) => send(browser, `${PASSKEYS}/authenticate/options`, body)

/** Adds a passkey to the account that the browser is signed in to. */
export async function register(browser: Browser, authenticator: Authenticator, name?: string): Promise<Page> {
  const options = await askToRegister(browser)
  return send(browser, `${PASSKEYS}/register`, { ...authenticator.create(options.json), ...(name && { name }) })
}

/** Answers what the browser is asked with a passkey. */
export async function usePasskey(
  browser: Browser,
  authenticator: Authenticator,
  faults: Parameters<Authenticator['get']>[1] = {},
): Promise<Page> {
  const options = await askToSignIn(browser)
  return send(browser, `${PASSKEYS}/authenticate`, authenticator.get(options.json, faults))
}

/** The passkeys of the account, as a script reads them. */
export async function passkeysOf(browser: Browser): Promise<PasskeyView[]> {
  return (await browser.json(`${BASE}/`)).json.passkeys as PasskeyView[]
}
