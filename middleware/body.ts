import express, { type RequestHandler } from 'express'

const LIMIT = '64kb'
const FIELDS = 200

/** Reads the bodies of our own forms, where the host has not read them already. */
export function readBody(): RequestHandler {
  const form = express.urlencoded({ extended: false, limit: LIMIT, parameterLimit: FIELDS })
  const json = express.json({ limit: LIMIT })
  return function readBody(req, res, next) {
    const body: unknown = req.body
    if (typeof body === 'object' && body !== null && Object.keys(body).length > 0) return next()
    form(req, res, (error?: unknown) => (error ? next(error) : json(req, res, next)))
  }
}
