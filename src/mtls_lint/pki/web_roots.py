"""Facts about the CAs of the web that certifi does not have.

CAs are known by the SHA-256 of their public key (the encoded SubjectPublicKeyInfo).
"""

FORMER_ROOTS = frozenset(
    {
        "bd153ed7b0434f6886b17bce8bbe84ed340c7132d702a8f4fa318f756ecbd6f3",  # AAA Certificate Services
        "6c464b9a5b233a5e874da765c26f045010d2ddcff45794f0b4c7e4aafa501495",  # AffirmTrust Commercial
        "94072ad3f58f70f93098e5a5f6c04c96c710bd849d83184919ae90eb890ae400",  # AffirmTrust Networking
        "c7f43b4cf5b71568294f822b53762605f6ddd15cadece739e9e2c3cba61e9d67",  # AffirmTrust Premium
        "3219b09114ff495a3eb6eb00c2efeab34002ae5f0a56c7679ea087a3fa037e4f",  # AffirmTrust Premium ECC
        "e5ca37bc7b6c361979bc6b123ca9a1db019046d7ff5f57dfb854b19d10b0682f",  # Atos TrustedRoot 2011
        "63d9af9b47b1064d49a10e7b7fd566dbc8caa399459bfc2829c571ad8c6ef34a",  # Baltimore CyberTrust Root
        "510d20e5c47f63cf666b20f61af62bc099a42ac824ffa443a2da7c90b1808a91",  # Certigna
        "006d7be7555dd82026442c4f1a27a80e89a1989cb87b34448ed2194c18196d5e",  # COMODO CA
        "23f2edff3ede90259a9e30f40af8f912a5e5b3694e6938440341f6060e014ffa",  # DigiCert Assured ID Root CA
        "aff988906dde12955d9bebbf928fdcc31cce328d5b9384f21c8941ca26e20391",  # DigiCert Global Root CA
        "5a889647220e54d6bd8a16817224520bb5c78e58984bd570506388b9de0f075f",  # DigiCert High Assurance EV Root
        "c1ad1b1898ec395048df070bfa217e25c913bed8ca6b73de085528846a0103c1",  # E-Tugra CA
        "56f2ea8684106d0c73333951059d2bff9ace0a9934f015c5d84c5a959dfbb3cc",  # E-Tugra Global Root CA ECC v3
        "b3effbf46bcf66aedf71427e6bd60bf1a1878c7b72cab178703485fda6e3db38",  # E-Tugra Global Root CA RSA v3
        "eabc185c4e82d942b1a5978ba3c0181487d6b3b9974e5c49f72f6d0bd9637150",  # emSign ECC Root CA - C3
        "8d417db2dd8bf5e3084d1e3f196d583849d81bdd4c00c70b9d39369e96b8c782",  # emSign ECC Root CA - G3
        "b7408b4d2be0238ba37004dd34e276c6019bd2f24c9db7d4980f5f6c359a4bcc",  # emSign Root CA - C1
        "376a1a7082a593dccc20d561d119e9ab8d30f11cc321d0a37fa41f0df284e01c",  # emSign Root CA - G1
        "6dbfae00d37b9cd73f8fb47de65917af00e0dddf42dbceac20c17c0275ee2095",  # Entrust Root CA
        "fea2b7d645fba73d753c1ec9a7870c40e1f7b0c561e927b985bf711866e36f22",  # Entrust Root CA - EC1
        "76ee8590374c715437bbca6bba6028eadde2dc6dbbb8c3f610e851f11d1ab7f5",  # Entrust Root CA - G2
        "36d7c79f3d089a0ff79972d90923dea5ca76b4ccbaf7c2751cb152e9494f52d0",  # Entrust Root CA - G4
        "1ea3c5e43ed66c2da2983a42a4a79b1e906786ce9f1b58621419a00463a87d38",  # Entrust.net CA (2048)
        "2bcee858158cf5465fc9d76f0dfa312fef25a4dca8501da9b46b67d1fbfa1b64",  # GlobalSign Root CA
        "fee8af929175687f4638a3fc983db8ecd0e5e2a83e737f3fb77b4c22fcbac0a6",  # GLOBALTRUST 2020
        "55f77de41c03792428f8d518c55104225be43a5598d926a528ad653e1ccec7bf",  # GTS Root R2
        "36c22314131a5fbf1b70ea4ccf4bc13a777d938ec65e1da24e3c2cfd01d3d163",  # Hongkong Post Root CA 1
        "dbc1e3a15238a0483bcdb8fdec616e03e705a48e2a501157cadf3b9c7311c5e5",  # certSIGN ROOT CA
        "62554c17005543b237215f04268dcd2fd1c470240ad3c8660e25ae2c59630f55",  # ePKI Root CA
        "5632d97bfa775bf3c99ddea52fc2553410864016729c52dd6524c8a9c3b4489f",  # Go Daddy Class 2 CA
        "2a4212605aa3e8aecb0fc19806cf3b40b53b95f1a34dbbd6e3ed27230324abb3",  # Security Communication RootCA1
        "15f14ac45c9c7da233d3479164e8137fe35ee0f38ae858183f08410ea82ac4b4",  # Starfield Class 2 CA
        "8fd112c3c8370f147d5ccd3a7d865eb8dd540783bac69fc60088e3743ff33378",  # QuoVadis Root CA 2
        "0c7acaa710226720bbc940349ee2e6148652a89dbf406a232c895f6dc78ebb9a",  # QuoVadis Root CA 3
        "2596904dc4d699ae20c2cef4dce47f285937d77464ac370746f52dea76ba0c28",  # Secure Global CA
        "bb4128ec9620f2d2a49ce8e2c4e257aebad93a0f11c56b5fa4b00e23759fa39d",  # SecureSign RootCA11
        "77290717614b25f12964ebdb38b5f83caadc0f6c36b0777f880fc6dee1d339cc",  # SecureTrust CA
        "d3980aadd21638c70d74a4bb1f8ab5e11724e62ed408f9fa8d3d4d916900286b",  # Security Communication RootCA3
        "40fcfc28875dccbfebcbdf6cd7433312da63c4efcf3bd7b1b505c22020ae0274",  # SwissSign Gold CA - G2
        "9318226f8c83afe47f5f47c24f59ce12dba8c73b181bee6b2ea1f40a06bc1869",  # SwissSign Silver CA - G2
        "10ba3485ca8bb6880ab9531a4063e4001555561c7f2e055165f49b2d74fc5f6b",  # TeliaSonera Root CA v1
        "7afe4b071a2f1f46f8ba944a26d584d5960b92fb48c3ba1b7cab84905f32aacd",  # TrustCor ECA-1
        "ea87f462deefffbd7775aa2a4b7e0fcb91c22eee6df69ed90100ccc73b311476",  # TrustCor RootCert CA-1
        "c63d68c648a18b77641c427a669d61c9768a55f4fcd0322eac96c57700299cf1",  # TrustCor RootCert CA-2
        "2e06cae1fc20b200e6fb748557a4444bec9317dfff2e4151669e0f7944f0a9e0",  # Trustwave Global CA
        "497128fc90656b87290482b223efb72240fe9c421e79938de5f8110cb0be9056",  # Trustwave Global ECC P256 CA
        "828b0eeff24654e8ff5841a29dd5d4e3ed30952ca43425a79283407208d39d16",  # Trustwave Global ECC P384 CA
        "051cf9fa95e40e9b83edaeda6961f6168c7879c4660172479cdd51ab03cea62b",  # XRamp Global CA
    }
)
"""Roots that Mozilla trusted in 2023 (ca-certificates 20230311 of Debian) and has dropped since.

Certificates of them are held by anybody all the same, and old bundles and partners' recipes still name them.
"""

SYSTEM_BUNDLES = frozenset(
    {
        "/etc/ca-certificates/extracted/tls-ca-bundle.pem",  # Arch
        "/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt",  # Fedora, RHEL
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/cert.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/tls/certs/ca-bundle.trust.crt",
        "/etc/ssl/ca-bundle.pem",  # SUSE
        "/etc/ssl/cert.pem",  # Alpine, BSD
        "/etc/ssl/certs/ca-bundle.crt",  # NixOS
        "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
        "/usr/local/etc/ssl/cert.pem",  # FreeBSD
        "/usr/local/share/certs/ca-root-nss.crt",
        "/usr/share/ssl/certs/ca-bundle.crt",
        "/var/lib/ca-certificates/ca-bundle.pem",  # SUSE
    }
)
"""Where operating systems keep the roots of the web."""
