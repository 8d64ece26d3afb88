import type { Request, Response, Router } from 'express'
import { z } from 'zod'
import { SecurityError } from '../../core/errors.js'
import type { Csrf } from '../../../middleware/csrf.js'
import type { RequestSession } from '../../../middleware/establish-session.js'
import { parseForm, required, text } from '../../../middleware/form.js'
import { handle } from '../../../middleware/handle.js'
import { wantsJson } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { StepUpGuard } from '../../../middleware/require-step-up.js'
import { answerIn } from './answers.js'
import type { Passkeys } from './passkeys.js'
import type { PasskeyChange, PasskeyRegistration } from './registration.js'
import { viewOf } from './view.js'

const LONGEST_NAME = 60
const trimmed = (value: string) => value.trim()
const addForm = z.object({
  name: text(LONGEST_NAME)
    .optional()
    .transform((value) => value?.trim() || undefined),
})
const renameForm = z.object({ name: required(LONGEST_NAME).transform(trimmed) })

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  csrf: Csrf
  passkeys: Passkeys
  registration: PasskeyRegistration
  requestSession: RequestSession
  stepUp: StepUpGuard
}

/** `POST /passkeys/register/options`, `/passkeys/register`, `/passkeys/:id/rename` and `/passkeys/:id/remove`. */
export function passkeyRoutes(parts: Parts): void {
  const { router, states, pages, csrf, passkeys, registration, requestSession, stepUp } = parts
  const { site } = passkeys
  if (!site) return // there are no passkeys here: 404
  const guards = [requireSession(states), csrf.protect({ visitors: false })]
  const card = `${pages.base}/` // no fragment: it would keep the focus from the message

  /** Runs a change while the session is alive, and under a new id: whoever else holds the old one is out. */
  async function renew<T>(req: Request, change: PasskeyChange<T>): Promise<T> {
    const proof = await registration.asIs(liveRecord(states.of(req).decision))
    const results: T[] = []
    const isAlive = await requestSession.renew(req, proof, async (opened) => {
      results.push(await change(opened))
    })
    if (!isAlive) throw new SecurityError('sign_in_required')
    return results.at(-1)! // of the last try: a busy database makes it run again
  }

  function say(res: Response, key: 'passkeys.added' | 'passkeys.renamed' | 'passkeys.removed', name: string): void {
    pages.flash.set(res, { key, params: { name }, changed: 'passkeys' })
  }

  router.post(
    '/passkeys/register/options',
    guards,
    stepUp,
    handle(async (req, res) => {
      const options = await registration.options(liveRecord(states.of(req).decision), site)
      res.setHeader('Cache-Control', 'no-store')
      res.json(options)
    }),
  )

  router.post(
    '/passkeys/register',
    guards,
    stepUp,
    handle(async (req, res) => {
      const { name } = parseForm(addForm, req)
      const session = liveRecord(states.of(req).decision)
      const given = { answer: answerIn(req.body), name }
      const row = await renew(req, await registration.add(session, given, requestSession.by(req)))
      say(res, 'passkeys.added', row.name)
      if (wantsJson(req)) res.status(201)
      pages.done(req, res, card, { passkey: viewOf(row) })
    }),
  )

  router.post(
    '/passkeys/:id/rename',
    guards,
    handle(async (req, res) => {
      const { userId } = liveRecord(states.of(req).decision)
      const { name } = parseForm(renameForm, req)
      if (!(await registration.rename(userId, String(req.params.id), name))) throw new SecurityError('not_found')
      say(res, 'passkeys.renamed', name)
      pages.done(req, res, card)
    }),
  )

  router.post(
    '/passkeys/:id/remove',
    guards,
    stepUp,
    handle(async (req, res) => {
      const session = liveRecord(states.of(req).decision)
      const change = await registration.remove(session, String(req.params.id), requestSession.by(req))
      const { name } = await renew(req, change)
      say(res, 'passkeys.removed', name)
      pages.done(req, res, card)
    }),
  )
}
