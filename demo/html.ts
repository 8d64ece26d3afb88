const escape = (text: string) =>
  text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[sign]!)

/** HTML whose values are escaped; a value that is HTML already is put in as it is. */
export class Html {
  constructor(readonly text: string) {}
}

export function html(parts: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html {
  const render = (value: string | Html | Html[]): string =>
    Array.isArray(value) ? value.map(render).join('') : value instanceof Html ? value.text : escape(value)
  return new Html(parts.reduce((text, part, i) => text + render(values[i - 1]!) + part))
}

/** The billing app's layout. */
export const layout = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Ledgerly</title>
        <link rel="stylesheet" href="/ledgerly.css" />
      </head>
      <body>
        <header>
          <a class="brand" href="/">Ledgerly</a>
          <nav>
            <a href="/invoices">Invoices</a><a href="/payouts">Payouts</a><a href="/account/security/">Security</a>
          </nav>
        </header>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`.text

export const css = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1c2430; background: #f6f7f9; }
header { display: flex; gap: 2rem; align-items: center; padding: 1rem 2rem; background: #fff; border-bottom: 1px solid #dfe3e8; flex-wrap: wrap; }
nav { display: flex; gap: 1.25rem; } a { color: #1a56b0; } .brand { font-weight: 700; text-decoration: none; color: inherit; }
main { max-width: 44rem; margin: 2rem auto; padding: 0 1.5rem; }
table { border-collapse: collapse; width: 100%; background: #fff; } th, td { text-align: left; padding: .6rem .8rem; border: 1px solid #dfe3e8; }
code { background: #fff; border: 1px solid #dfe3e8; padding: .1rem .3rem; border-radius: .25rem; }
button { font: inherit; padding: .4rem .9rem; }
@media (prefers-color-scheme: dark) { body { background: #14181f; color: #dfe5ee; } header, table, code { background: #1c222c; } a { color: #8ab4f8; } header, th, td, code { border-color: #333c4a; } }
`
