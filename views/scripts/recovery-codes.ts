// Recovery codes are copied, saved as a file and printed; without this script by hand.
const FORGET_MS = 60_000 // a browser may ask where to save the file before it reads it

for (const bar of document.querySelectorAll<HTMLElement>('[data-sp-codes]')) {
  const told = bar.querySelector('[data-sp-told]')
  const { spFile, spCopied, spCopyFailed } = bar.dataset as Record<string, string>
  const linesOf = (selector: string) =>
    [...document.querySelectorAll(selector)].map(({ textContent }) => textContent.trim())
  const codes = linesOf('[data-recovery-code]')

  const tell = (text: string) => {
    if (told) told.textContent = text
  }
  const download = () => {
    const text = [...linesOf('[data-sp-paper] p'), '', ...codes, ''].join('\r\n')
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
    link.download = spFile!
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), FORGET_MS)
  }
  const does: Record<string, () => void> = {
    copy: () =>
      void navigator.clipboard.writeText(codes.join('\n')).then(
        () => tell(spCopied!),
        () => tell(spCopyFailed!),
      ),
    download,
    print: () => print(),
  }
  for (const button of bar.querySelectorAll<HTMLElement>('[data-sp-do]')) {
    const name = button.dataset.spDo!
    if (name === 'copy' && !isSecureContext) button.hidden = true // there is no clipboard
    button.addEventListener('click', () => does[name]?.())
  }
  bar.hidden = false
}
