/** A post of `/messages`, as bytes. */
export const postOf = (port: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(postHead(port, 'application/json', body.length)), body])

export const postHead = (port: number, type: string, length: number): string =>
  `POST /messages HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`

export const getOf = (port: number, path: string): string => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`
