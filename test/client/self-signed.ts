import { createHash, generateKeyPairSync, sign } from "node:crypto";

/** A key and a certificate for one host name, signed by itself, valid for a day: from so many hours ago. */
export function selfSigned(hostname: string, sinceHours = 12): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const name = sequence(tag(0x31, sequence(oid("550403"), tag(0x0c, Buffer.from(hostname)))));
  const validity = sequence(utcTime(-sinceHours), utcTime(24 - sinceHours));
  const altNames = sequence(oid("551d11"), tag(0x04, sequence(tag(0x82, Buffer.from(hostname)))));
  const authority = sequence(oid("551d13"), tag(0x04, sequence(tag(0x01, Buffer.from([0xff])))));
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.concat([Buffer.from([1]), createHash("sha1").update(spki).digest()])),
    algorithm,
    name,
    validity,
    name,
    spki,
    tag(0xa3, sequence(altNames, authority)),
  );
  const signature = tag(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]));
  const der = sequence(body, algorithm, signature).toString("base64");
  const lines = der.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}

function tag(type: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([type, ...head]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return tag(0x06, Buffer.from(hex, "hex"));
}

function utcTime(hoursFromNow: number): Buffer {
  const time = new Date(Date.now() + hoursFromNow * 3_600_000).toISOString();
  return tag(0x17, Buffer.from(`${time.slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
}
