// Resolves when the files of the app are kept and the page is under the service worker.

export const keptOffline = (page) =>
  page.waitForFunction(async () => {
    const registration = await navigator.serviceWorker.ready;
    return registration.active?.state === "activated" && navigator.serviceWorker.controller !== null;
  });
