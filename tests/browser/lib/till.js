// What a person does at the counter, by the names that are on the screen.

import { randomInt } from "node:crypto";

// The smallest picture that is one.
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP8z8Dwn4GBgYGJAQoAHxcCAk+Uzr4AAAAASUVORK5CYII=",
  "base64",
);

export class Till {
  constructor(page, url) {
    Object.assign(this, { page, url });
  }

  static async open(context, url, path = "/") {
    const page = await context.newPage();
    const till = new Till(page, url);
    till.problems = [];
    page.on("pageerror", (error) => till.problems.push(error.message));
    await till.go(path);
    return till;
  }

  async go(path) {
    await this.page.goto(`${this.url}${path}`);
    await this.page.getByRole("main").waitFor();
  }

  button = (name) => this.page.getByRole("button", { name, exact: true });
  field = (name) => this.page.getByLabel(name, { exact: true });

  async openStall(name) {
    await this.go("/begin");
    await this.page.getByRole("textbox", { name: /^Name of the stall/ }).fill(name);
    await this.button("Open the stall").click();
    await this.page.waitForURL((url) => url.pathname !== "/begin");
  }

  // With the smallest picture there is, or one of one's own.
  // `more` fills in what else there is to say.
  async addProduct(name, price, { picture, more } = {}) {
    await this.go("/products/new");
    await this.page.getByRole("textbox", { name: /^Name/ }).fill(name);
    await this.page.getByRole("textbox", { name: /^Price/ }).first().fill(price);
    if (picture) {
      await this.choosePicture(picture === true ? PICTURE : picture);
      await this.page.locator("img[src^='/pictures/']").first().waitFor();
    }
    await more?.();
    await this.button("Save").click();
    await this.page.getByText(`${name} is on offer`).first().waitFor();
  }

  async choosePicture(buffer = PICTURE) {
    await this.page.locator("input[type=file]").setInputFiles({ name: "p.png", mimeType: "image/png", buffer });
  }

  async openDrawer() {
    await this.go("/sell");
    await this.button("Open the drawer").first().click();
    await this.page.getByRole("dialog").getByRole("button", { name: "Open the drawer" }).click();
    await this.page.getByRole("dialog").waitFor({ state: "detached" });
  }

  // Makes an account and puts the stall online; the caller waits for what follows.
  async connect(email) {
    await this.go("/settings");
    await this.button("I am new").click();
    await this.page.getByRole("textbox", { name: /^E-mail address/ }).fill(email);
    await this.page.getByLabel(/^Password/).fill("rain on a tin roof");
    await this.button("Create the account").click();
    await this.button("Connect now").click();
  }

  // From the step of an order that is open to the one that is called so.
  async onward(step) {
    await this.button("Continue").click();
    await this.page.getByRole("heading", { level: 1, name: new RegExp(`^${step}`) }).waitFor();
  }

  // The steps of an order that was begun in the basket, to its last tap. A guest says first who it is for.
  async order({ pay } = {}) {
    await this.page.getByRole("main").getByText("Total").waitFor();
    const name = this.field("Your name");
    if (await name.count()) {
      await name.fill("Wanjiku");
      await this.page.getByLabel(/^Telephone or e-mail/).fill("+254 700 000 001");
    }
    await this.onward("Payment");
    if (pay) await this.page.getByLabel("How you pay").selectOption({ label: pay });
    await this.onward("Check");
    await this.button("Order now").click();
  }

  // One of the first thing on the market that can be had: what the demo sold out, depending on the hour, cannot be put into a basket.
  async orderOfMarket() {
    await this.go("/market");
    const offer = await this.page.waitForFunction(() => {
      const all = [...document.querySelectorAll("main:not(.first-paint) a[href^='/stall/']:not(.ware-out)")];
      return all.map((link) => link.pathname).find((path) => path.split("/").length === 4);
    });
    await this.go(await offer.jsonValue());
    await this.button("Put in basket").click();
    await this.page.getByText(/^In your basket/).waitFor();
    await this.go("/basket");
    await this.page.getByRole("button", { name: /^Order from/ }).first().click();
    await this.order();
  }

  // What this register may promise of a product, and what it does about it: "Receive", "Give back", "Ask for more".
  async stockOf(name, deed, quantity) {
    await this.go("/stock");
    await this.page.getByRole("main").getByRole("link", { name: new RegExp(name) }).click();
    await this.button(deed).click();
    const dialog = this.page.getByRole("dialog");
    await dialog.getByLabel("Quantity", { exact: true }).fill(String(quantity));
    await dialog.getByRole("button", { name: deed }).click();
    await dialog.waitFor({ state: "detached" });
  }

  // Where it is said how many units of a product somebody may promise.
  async heldOf(name, holder) {
    await this.go("/stock");
    await this.page.getByRole("main").getByRole("link", { name: new RegExp(name) }).click();
    return this.page.locator(".stock-sum dl > div").filter({ hasText: holder }).locator("dd.number");
  }

  // Lets another device in, and answers what is shown to it.
  async invite() {
    await this.go("/devices");
    await this.button("Make an invitation").click();
    return this.page.locator("code.invitation-text").textContent();
  }

  async join(invitation, name) {
    await this.go("/devices");
    await this.field("Invitation").fill(invitation);
    await this.page.getByRole("textbox", { name: /^Name of this device/ }).fill(name);
    await this.button("Join the stall").click();
    await this.page.waitForURL((url) => url.pathname === "/sell");
  }

  product = (name) => this.page.getByRole("list", { name: "Products" }).getByRole("button", { name: new RegExp(name) });

  async addToCart(name) {
    await this.product(name).first().click();
  }

  cart = () => this.page.getByRole("complementary", { name: "Cart" });

  async putAside(name) {
    await this.cart().getByRole("button", { name: "Put aside" }).click();
    await this.page.getByRole("textbox", { name: "Name" }).fill(name);
    await this.page.getByRole("dialog").getByRole("button", { name: "Put aside" }).click();
    await this.page.getByText(`${name} was put aside`).first().waitFor();
    // It may have been said of another time before.
    await this.page.getByRole("dialog").waitFor({ state: "detached" });
  }

  // Ends on the receipt, and answers its number.
  async pay() {
    await this.page.getByRole("link", { name: /^Pay / }).or(this.button(/^Pay /)).first().click();
    await this.button("Done, money is in").click();
    const saved = this.page.getByText(/Sale \d+ is saved/);
    await saved.waitFor();
    return Number((await saved.textContent()).match(/\d+/)[0]);
  }

  async sell(name) {
    await this.go("/sell");
    await this.addToCart(name);
    return this.pay();
  }

  sales = () => this.page.getByRole("main").getByRole("link", { name: /\d/ });
}

export const anyName = (word) => `${word} ${randomInt(1_000_000)}`;
