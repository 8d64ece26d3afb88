// Asks before it is done, without leaving the page. Without this script the link leads to a page that asks.
for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-sp-dialog]')) {
  const dialog = document.getElementById(link.dataset.spDialog!)
  if (!(dialog instanceof HTMLDialogElement)) continue
  link.setAttribute('aria-haspopup', 'dialog')
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return // the reader wants it in a tab of its own
    event.preventDefault()
    dialog.showModal()
  })
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close() // beside the box
  })
  dialog.addEventListener('close', () => link.focus())
}
