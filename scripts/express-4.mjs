// Makes every `import 'express'` find the package "express4"; so that the very same build runs on both versions.
import { register } from 'node:module'

const hook = `
export async function resolve(specifier, context, next) {
  return next(specifier === 'express' ? 'express4' : specifier, context)
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`, import.meta.url)
