import { explain } from '../network.js'
import { CHECKS } from './checks.js'
import { runChecks, type Found, type Subject } from './examination.js'
import { ok, problem, type Finding } from './finding.js'
import { get } from './http-answer.js'

/** Asks the running app for its sign-in page, as a browser would, or as the proxy would that ends TLS before it. */
export async function examineApp({ config, app }: Subject): Promise<Found> {
  const { clock } = config
  const { protocol, origin } = new URL(app.url)
  const asProxy = config.secure && protocol === 'http:'
  const page = `${origin}${config.basePath}/sign-in`
  const about = asProxy ? `${page} (with X-Forwarded-Proto: https, as your proxy would)` : page
  const headers = { Accept: 'text/html', ...(asProxy && { 'X-Forwarded-Proto': 'https' }) }
  const [asked, began] = [clock.now(), clock.monotonic()]
  try {
    const answer = await get(page, headers)
    const tookMs = clock.monotonic() - began
    const opened = { config, page, answer, askedAt: asked + tookMs / 2, tookMs }
    const checks = answer.status === 200 ? CHECKS.app : CHECKS.appThatFails
    return { about, findings: [ok('app_reachable', 'it answers'), ...(await runChecks(checks, opened, isGone))] }
  } catch (error) {
    if (app.demanded) return { about, findings: [isGone(error)] }
    const { seen } = explain(error)
    return {
      about,
      findings: [],
      notChecked: `${origin} does not answer from here (${seen}); give its address with --url`,
    }
  }
}

function isGone(error: unknown): Finding {
  const { seen, advice } = explain(error)
  return problem('app_reachable', seen, advice ?? 'start the app, or correct --url')
}
