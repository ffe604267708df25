// A real mail server on this machine, by others, that keeps what it takes.

import { Arrivals } from "./arrivals.js";
import { PostalMime, SMTPServer } from "./places.js";

export class Mailbox {
  #mails = new Arrivals();

  static async open() {
    const box = new Mailbox();
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
    this.#mails.add(await PostalMime.parse(Buffer.concat(parts)));
  }

  // The first mail with this subject to somebody, or to anybody, as soon as it is there; it is taken out.
  mail(to, subject) {
    const fits = (mail) => (to === null || mail.to[0].address === to) && subject.test(mail.subject);
    return this.#mails.first(`a mail ${subject}`, fits);
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
