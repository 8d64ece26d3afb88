import express, { type RequestHandler } from 'express'
import { SecurityError } from '../src/core/errors.js'

const LIMIT = '64kb'
const FIELDS = 200

/** Reads the bodies of our own forms, where the host has not read them already. */
export function readBody(): RequestHandler {
  const form = express.urlencoded({ extended: false, limit: LIMIT, parameterLimit: FIELDS })
  const json = express.json({ limit: LIMIT })
  return function readBody(req, res, next) {
    const body: unknown = req.body
    if (typeof body === 'object' && body !== null && Object.keys(body).length > 0) return next()
    // gone while the session was loaded: nobody's fault, but Express 4 would say that the server has failed
    if (req.readableAborted) return next(new SecurityError('bad_request'))
    form(req, res, (error?: unknown) => (error ? next(error) : json(req, res, next)))
  }
}
