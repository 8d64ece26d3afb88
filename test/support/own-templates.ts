import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tempFolder } from './services.js'

/** A folder with templates of the host's own, by their path in it: `{ 'elements/button.eta': '...' }`. */
export async function ownTemplates(
  files: Record<string, string>,
): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await tempFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text)
  }
  return folder
}
