import { generateKeyPairSync } from 'node:crypto'

const pem = (pair: { publicKey: unknown; privateKey: unknown }) =>
  pair as unknown as { readonly publicKey: string; readonly privateKey: string }
const encodings = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const

/** For each algorithm a key to sign with and the one to verify with. */
export const signingKeys: Readonly<Record<string, { readonly publicKey: string; readonly privateKey: string }>> = {
  RS256: pem(generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings })),
  ES256: pem(generateKeyPairSync('ec', { namedCurve: 'P-256', ...encodings })),
  HS256: { publicKey: 'a secret of thirty-two characters', privateKey: 'a secret of thirty-two characters' },
}

export const keyOf = (algorithm: string, side: 'publicKey' | 'privateKey') => ({
  algorithm,
  text: signingKeys[algorithm]?.[side] as string,
})
