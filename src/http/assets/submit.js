// Sends the one form of the page that asks for it; without script its button does the same.
document.querySelector("form[data-submit]")?.submit();
