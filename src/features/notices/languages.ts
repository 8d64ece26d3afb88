/** The languages that an `Accept-Language` asks for, the dearest first (RFC 9110, 12.5.4). */
export function languagesIn(header: string | null | undefined): string[] {
  const asked = (header ?? '').split(',').map((each) => {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    return { name, quality: quality === undefined ? 1 : Number(quality) }
  })
  return asked
    .filter(({ name, quality }) => /^[A-Za-z0-9-]{1,35}$/.test(name) && quality > 0)
    .toSorted((one, other) => other.quality - one.quality)
    .map(({ name }) => name)
}
