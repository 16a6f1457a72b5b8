/** A reverse proxy with TLS in front of a gateway, as it stands before one that is reached from elsewhere. On loopback all the same. */
import { X509Certificate } from "node:crypto";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { loadCertificates } from "../../../fixtures/whatsapp-server/certificates.ts";

/** An address for documentation (RFC 5737): where the clients come from, as the gateway is told. */
const CLIENT_ADDRESS = "198.51.100.7";

export interface TlsProxy {
  readonly port: number;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint` prints it. */
  readonly fingerprint: string;
  /** Signed by an authority that nobody trusts unless told to: this file. */
  readonly caFile: string;
  stop(): Promise<void>;
}

/** @param target port of the gateway on 127.0.0.1; it has to trust 127.0.0.1 as a proxy */
export async function startTlsProxy(target: number): Promise<TlsProxy> {
  const certificates = await loadCertificates();
  const { key, cert } = certificates.server;
  const open = new Set<Socket>();
  const server = createServer({ key, cert }, (_request, response) => response.writeHead(426).end());
  server.on("upgrade", (request, client: Socket, head: Buffer) => {
    const gateway = connect(target, "127.0.0.1", () => {
      const headers = Object.entries(request.headers).map(
        ([name, value]) => `${name}: ${String(value)}`,
      );
      const forwarded = [`X-Forwarded-For: ${CLIENT_ADDRESS}`, "X-Forwarded-Proto: https"];
      const lines = [`GET ${request.url ?? "/"} HTTP/1.1`, ...headers, ...forwarded];
      gateway.write(`${lines.join("\r\n")}\r\n\r\n`);
      gateway.write(head);
      gateway.pipe(client).pipe(gateway);
    });
    for (const socket of [client, gateway]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        open.delete(socket);
        gateway.destroy();
        client.destroy();
      });
    }
  });
  await new Promise<void>((ready) => {
    server.listen(0, "127.0.0.1", ready);
  });
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    fingerprint: new X509Certificate(cert).fingerprint256,
    caFile: certificates.caFile,
    stop: async () => {
      const closed = new Promise((done) => {
        server.close(done);
      });
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      await closed;
      await certificates.dispose();
    },
  };
}
