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
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1f2733; background: #f4f5f8; }
header { display: flex; gap: .5rem 2rem; align-items: center; flex-wrap: wrap; padding: 1rem max(1rem, 50vw - 32rem); background: #fff; border-bottom: 1px solid #dde1e8; }
nav { display: flex; gap: 1.25rem; flex-wrap: wrap; }
a { color: #1d5299; text-underline-offset: .2em; } header a { padding-block: .25rem; } .brand { font-weight: 700; font-size: 1.1rem; text-decoration: none; color: inherit; }
main { max-width: 44rem; margin: 2.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .75rem; }
table { border-collapse: separate; border-spacing: 0; width: 100%; margin: 1.5rem 0; background: #fff; border: 1px solid #dde1e8; border-radius: .75rem; }
th, td { text-align: left; vertical-align: top; padding: .75rem 1rem; overflow-wrap: anywhere; } td { border-top: 1px solid #dde1e8; }
th { font-size: .9rem; color: #545f70; } .amount { text-align: right; font-variant-numeric: tabular-nums; } small { color: #545f70; font-size: .9rem; }
code { font: .92em ui-monospace, monospace; }
button { font: inherit; font-weight: 600; padding: .6rem 1.1rem; border: 1px solid #7f8a9b; border-radius: .5rem; background: #fff; color: inherit; cursor: pointer; }
:focus-visible { outline: 3px solid #1d5299; outline-offset: 2px; }
@media (max-width: 30rem) { th, td { padding: .6rem .7rem; } }
@media (prefers-color-scheme: dark) {
  body { background: #10141b; color: #d6dbe3; } header, table, button { background: #181e27; } header, table, td { border-color: #2c3542; }
  a { color: #92bdf5; } th, small { color: #a0aaba; } button { border-color: #748093; } :focus-visible { outline-color: #92bdf5; }
}
`
