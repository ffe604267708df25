// Who is at the register: people with their PINs, and a register that one of them is at.

export const dialog = (till) => till.page.getByRole("dialog").last();

// To another screen without loading the page anew: a start locks the register.
export async function walk(till, path) {
  await till.page.evaluate((path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}

export async function pin(till, digits) {
  await till.page.getByLabel("PIN", { exact: true }).fill(digits);
  await till.button("Enter").click();
}

export async function enter(till, name, digits) {
  await till.page.getByRole("button", { name: new RegExp(name) }).last().click();
  await pin(till, digits);
}

export async function addPerson(till, name, role, digits, button = "Add somebody") {
  const { page } = till;
  await till.button(button).click();
  await page.getByRole("textbox", { name: /^Name/ }).fill(name);
  await page.getByLabel("Role", { exact: true }).selectOption(role);
  await page.getByLabel("PIN at this register", { exact: true }).fill(digits);
  await page.getByLabel("The same PIN again", { exact: true }).fill(digits);
  await dialog(till).getByRole("button", { name: "Save" }).click();
}
