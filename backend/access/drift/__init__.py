"""Access in outside systems against the roles here. Specification: RBAC across Medusa, Strapi and storefront."""
