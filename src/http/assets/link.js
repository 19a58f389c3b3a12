// Takes the code out of the address, where nobody should find it later; without script it is typed.
const code = document.getElementById("code");
if (code && location.hash.length > 1) {
    code.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
}
