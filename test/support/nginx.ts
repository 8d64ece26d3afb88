import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answering, freePort, tempFolder } from './services.js'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export interface Nginx {
  port: number
  close(): Promise<void>
}

const configuration = (port: number, folder: string, upstreams: readonly number[]) => `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/errors;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream app { ${upstreams.map((each) => `server 127.0.0.1:${each};`).join(' ')} }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $host:$server_port;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}`

/** A real nginx that hands requests to each of several ports in turn. */
export async function startNginx(upstreams: readonly number[], port?: number): Promise<Nginx> {
  if (!existsSync('/usr/sbin/nginx')) throw new Error('nginx is not installed; run: bash scripts/install-services.sh')
  const folder = await tempFolder()
  const listens = port ?? (await freePort())
  const file = join(folder.path, 'nginx.conf')
  await writeFile(file, configuration(listens, folder.path, upstreams))
  const child = spawn('/usr/sbin/nginx', ['-p', folder.path, '-c', file], { stdio: 'ignore' })
  running.add(child)
  await answering(listens)
  return {
    port: listens,
    close: async () => {
      const gone = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await gone
      running.delete(child)
      await folder.remove()
    },
  }
}
