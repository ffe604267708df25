// A real mail server on this machine, by others, that keeps what it takes.

import { PostalMime, SMTPServer } from "./places.js";

export class Mailbox {
  static async open() {
    const box = new Mailbox();
    box.mails = [];
    box.waiting = [];
    box.server = new SMTPServer({
      disabledCommands: ["AUTH", "STARTTLS"],
      onData: (stream, session, done) => box.take(stream).then(() => done(), done),
    });
    await new Promise((listening) => box.server.listen(0, "127.0.0.1", listening));
    box.url = `smtp://127.0.0.1:${box.server.server.address().port}`;
    return box;
  }

  async take(stream) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    const mail = await PostalMime.parse(Buffer.concat(parts));
    this.mails.push(mail);
    for (const look of this.waiting) look();
  }

  // The first mail to somebody with this subject, as soon as it is there; it is taken out.
  async mail(to, subject) {
    for (;;) {
      const at = this.mails.findIndex((mail) => mail.to[0].address === to && subject.test(mail.subject));
      if (at >= 0) return this.mails.splice(at, 1)[0];
      await new Promise((look) => this.waiting.push(look));
    }
  }

  close() {
    return new Promise((done) => this.server.close(done));
  }
}

// Where a link of a mail with these words leads.
export function linkOf(mail, words) {
  const links = [...mail.html.matchAll(/<a href="([^"]+)">([^<]*)<\/a>/g)];
  const found = links.find(([, , text]) => text === words);
  if (!found) throw new Error(`no link ${words} in ${mail.html}`);
  return found[1].replaceAll("&amp;", "&");
}
