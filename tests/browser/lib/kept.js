// Resolves when the files of the app are kept and the page is under the service worker; says what stands in the way if that
// takes too long, since it is mostly the machine's disk.

export async function keptOffline(page) {
  try {
    await page.waitForFunction(async () => {
      const registration = await navigator.serviceWorker.ready;
      return registration.active?.state === "activated" && navigator.serviceWorker.controller !== null;
    });
  } catch (error) {
    throw new Error(`the app was not kept: ${await page.evaluate(standing)}`, { cause: error });
  }
}

async function standing() {
  const registration = await navigator.serviceWorker.getRegistration();
  const states = ["installing", "waiting", "active"].map((it) => `${it} ${registration?.[it]?.state ?? "none"}`);
  const { usage, quota } = await navigator.storage.estimate();
  return `${states.join(", ")}; ${usage} of ${quota} bytes used`;
}
