import type { Request } from 'express'

/** The app's own entries, in the language of whoever reads them. */
export function navigation(req: Request): { label: string; href: string }[] {
  const isGerman = req.acceptsLanguages('en', 'de') === 'de'
  return [
    { label: isGerman ? 'Rechnungen' : 'Invoices', href: '/invoices' },
    { label: isGerman ? 'Auszahlungen' : 'Payouts', href: '/payouts' },
  ]
}
