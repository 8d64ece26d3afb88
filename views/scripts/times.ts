// "2 minutes ago" goes on being true, its title tells the reader's own time, and so does what is exact anyway.
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const language = document.documentElement.lang
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
const exact = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { dateStyle: 'long', timeStyle: 'short' })
/** The server's clock counts, not that of the device. */
const behind = Date.parse(document.querySelector<HTMLElement>('[data-sp-now]')?.dataset.spNow ?? '') - Date.now() || 0
const times = document.querySelectorAll<HTMLTimeElement>('.sp time')

/** Null: less than a minute, which the page has said in its own words. What has happened is never ahead. */
function agoOf(then: number, isAhead: boolean): string | null {
  const seconds = Math.round((then - behind - Date.now()) / 1000)
  if (seconds > 0 && !isAhead) return null
  for (const [unit, size] of UNITS)
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  return null
}

const relatives = [...times].filter(({ dataset }) => !('spExact' in dataset))

for (const time of times) {
  const said = exact.format(new Date(time.dateTime))
  if ('spExact' in time.dataset) time.textContent = said
  else time.title = said
}
setInterval(() => {
  for (const time of relatives)
    time.textContent = agoOf(Date.parse(time.dateTime), 'spAhead' in time.dataset) ?? time.textContent
}, 30_000)
