"""The parts of the `html` page: `page.html`, `page.css`, `page.js`, and what is filled into them."""
