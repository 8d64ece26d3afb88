import express, { type Express, type Request, type RequestHandler } from 'express'
import { handle } from '../../middleware/handle.js'
import { barrier, callsEnded } from './barriers.js'

/** What the two hosts, Sallyport's and the usual wiring, do each in their own way. */
export interface RaceHost {
  signIn: (req: Request, userId: string) => Promise<void>
  userOf: (req: Request) => string | null
  guard: RequestHandler
}

/** What the host of the race keeps in `req.session`. */
interface Notes {
  late?: unknown
  early?: unknown
}

const notes = (req: Request): Notes => req.session as unknown as Notes

/** The routes that the rounds use: a door, a guarded and an open page, and handlers that can be held. */
export function raceRoutes(app: Express, { signIn, userOf, guard }: RaceHost): void {
  app.use('/race', express.json())

  app.post(
    '/race/sign-in',
    handle(async (req, res) => {
      await signIn(req, (req.body as { user: string }).user)
      res.json({ ok: true })
    }),
  )
  app.get('/race/guarded', guard, (req, res) => void res.json({ user: userOf(req) }))
  app.get('/race/open', (req, res) => {
    res.json({ user: userOf(req), late: notes(req).late ?? null, early: notes(req).early ?? null })
  })
  app.post('/race/note', (req, res) => {
    notes(req).early = (req.body as { note: string }).note
    res.json({ ok: true })
  })

  app.post(
    '/race/late-save',
    guard,
    handle(async (req, res) => {
      await barrier('handler')
      notes(req).late = (req.body as { note: string }).note
      await new Promise<void>((done, fail) => req.session.save((error: unknown) => (error ? fail(error) : done())))
      res.json({ ok: true })
    }),
  )
  app.post(
    '/race/touch',
    guard,
    handle(async (_req, res) => {
      await barrier('handler')
      await callsEnded()
      res.json({ ok: true })
    }),
  )
  app.post(
    '/race/regenerate',
    guard,
    handle(async (req, res) => {
      await barrier('handler')
      notes(req).late = (req.body as { note: string }).note
      await new Promise<void>((done, fail) =>
        req.session.regenerate((error: unknown) => (error ? fail(error) : done())),
      )
      ;(req.session as unknown as { visits: number }).visits = 1 // so that the new session is stored, and its cookie sent
      res.json({ ok: true })
    }),
  )
}
