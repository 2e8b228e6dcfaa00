"""Diário Oficial of 18 March 2024: two acts and two notices in two columns of 8 pt.

Each act starts again at Art. 1º, so only the order on the page tells them apart.
"""

from __future__ import annotations

from making.act import Block, Prose, Rule, Scope, ali, art, inc, par, unico
from making.flow import Geometry
from making.furniture import gazette
from making.sheets import gazette_sheet
from making.typesetter import Document, Section, Trap


def _band(title: str, subtitle: str) -> Section:
    """Return headings as wide as the page, which end the columns above them."""
    return Section((Rule(), Prose("faixa", title), Prose("subfaixa", subtitle)))


EXPEDIENTE: tuple[Block, ...] = (
    Prose("epigrafe", "EXPEDIENTE"),
    Prose("cargo", "Prefeito: Anselmo Taveira Quintal"),
    Prose("cargo", "Vice-Prefeita: Marlene Sobral Coutinho"),
    Prose("cargo", "Chefe de Gabinete: Otacílio Ferraz Dornelas"),
    Prose("epigrafe", "SUMÁRIO"),
    Prose("cargo", "Poder Executivo – p. 1"),
    Prose("cargo", "Órgãos Colegiados – p. 1"),
    Prose("cargo", "Licitações e Contratos – p. 2"),
)

PORTARIA: tuple[Block, ...] = (
    Scope("Portaria SEMOB nº 58/2024"),
    Prose("epigrafe", "PORTARIA SEMOB Nº 58, DE 15 DE MARÇO DE 2024"),
    Prose(
        "ementa",
        "Disciplina a circulação de carros de boi, carroças e tropas na zona urbana e nas "
        "estradas vicinais do Município.",
    ),
    Prose(
        "texto",
        "O SECRETÁRIO MUNICIPAL DE MOBILIDADE E ESTRADAS, no uso da competência que lhe "
        "delega o art. 3º do Decreto nº 96, de 12 de maio de 2023, RESOLVE:",
    ),
    Prose("titulo", "CAPÍTULO I"),
    Prose("subtitulo", "DO ÂMBITO DE APLICAÇÃO"),
    art(
        1,
        "Esta Portaria disciplina a circulação de veículos de tração animal e de tropas nas "
        "vias abertas à circulação, situadas no território do Município de Brejo Alto.",
    ),
    art(2, "Para os fins desta Portaria, entende-se por:"),
    inc("I", "carro de boi: o veículo de duas rodas tirado por uma ou mais juntas;", "-"),
    inc("II", "carroça: o veículo de carga tirado por um só animal;", "-"),
    inc("III", "charrete: o veículo de passageiros tirado por um só animal; e", "-"),
    inc("IV", "tropa: o conjunto de cinco ou mais animais conduzidos em marcha.", "-"),
    unico(
        "Equipara-se à tropa, para efeito de sinalização, o rebanho que atravesse a estrada "
        "entre duas partes do mesmo imóvel rural."
    ),
    art(
        3,
        "O disposto nesta Portaria não se aplica às cavalgadas, romarias e festas tradicionais, "
        "que dependem de autorização própria, requerida com antecedência mínima de vinte dias.",
    ),
    Prose("titulo", "CAPÍTULO II"),
    Prose("subtitulo", "DO REGISTRO E DA IDENTIFICAÇÃO"),
    art(
        4,
        "Os veículos de tração animal serão registrados na Secretaria Municipal de Mobilidade "
        "e Estradas, independentemente do pagamento de taxa.",
    ),
    par(1, "O requerimento de registro será instruído com:"),
    inc("I", "documento de identidade e comprovante de residência do proprietário;", "-"),
    inc("II", "atestado de sanidade do animal, expedido há menos de noventa dias; e", "-"),
    inc("III", "duas fotografias do veículo, das quais:", "-"),
    ali("a", "uma de frente, com o animal atrelado; e"),
    ali("b", "uma de lado, em que se veja a placa de identificação."),
    par(
        2,
        "Deferido o registro, será entregue placa de identificação, que conterá o número do "
        "registro e a inscrição “Brejo Alto – Tração Animal”.",
    ),
    par(
        3,
        "A placa perdida ou danificada será substituída à custa do proprietário, salvo em caso "
        "de furto comprovado por boletim de ocorrência.",
    ),
    art(
        5,
        "O registro terá validade de dois anos e será cancelado quando o veículo deixar de "
        "circular, for transferido a residente em outro município ou reprovado na vistoria.",
    ),
    Prose("titulo", "CAPÍTULO III"),
    Prose("subtitulo", "DA CIRCULAÇÃO"),
    art(6, "É proibida a circulação de veículos de tração animal:"),
    inc("I", "na Avenida dos Tropeiros, entre a ponte velha e a rodoviária;", "-"),
    inc("II", "no entorno das escolas, nos trinta minutos anteriores e posteriores:", "-"),
    ali("a", "ao início das aulas; e"),
    ali("b", "ao término das aulas;"),
    inc("III", "entre as vinte e duas horas e as cinco horas do dia seguinte; e", "-"),
    inc("IV", "em qualquer via, sob chuva forte ou neblina densa.", "-"),
    par(
        1,
        "Ficam ressalvados os veículos a serviço da coleta seletiva, desde que dotados de faixas "
        "refletivas nas laterais e na traseira.",
    ),
    par(
        2,
        "A proibição do inciso I poderá ser suspensa por ocasião da Festa do Milho, mediante "
        "comunicado publicado neste Diário.",
    ),
    art(
        7,
        "Nas estradas vicinais, os veículos de tração animal circularão pelo bordo direito da "
        "pista, em fila única, mantida distância suficiente para a ultrapassagem por veículos "
        "automotores.",
    ),
    art(
        8,
        "A condução de tropas será precedida e seguida por batedores, munidos de bandeiras "
        "vermelhas durante o dia e de lanternas durante a noite.",
    ),
    unico("É vedado o pernoite de tropas em praças, largos e terrenos públicos não cercados."),
    Prose("titulo", "CAPÍTULO IV"),
    Prose("subtitulo", "DO BEM-ESTAR DOS ANIMAIS"),
    art(9, "São deveres do condutor:"),
    inc("I", "fornecer água e descanso ao animal a cada três horas de trabalho;", "-"),
    inc("II", "não exceder a carga máxima de quatrocentos quilogramas por animal;", "-"),
    inc("III", "não atrelar animal ferido, prenhe ou com menos de três anos; e", "-"),
    inc("IV", "manter os cascos ferrados e os arreios em bom estado.", "-"),
    art(
        10,
        "O animal encontrado em estado de maus-tratos será recolhido ao curral municipal, "
        "examinado por médico-veterinário e, se for o caso, encaminhado à adoção, sem prejuízo "
        "da responsabilidade civil e criminal do condutor e do proprietário.",
    ),
    art(
        11,
        "As infrações a esta Portaria sujeitam o infrator às penalidades da Lei nº 488, de 6 de "
        "agosto de 2018, aplicadas por agente de trânsito ou fiscal de posturas.",
    ),
    art(12, "Esta Portaria entra em vigor na data de sua publicação."),
    Prose("assinatura", "ZACARIAS BRAGANÇA LEITÃO"),
    Prose("cargo", "Secretário Municipal de Mobilidade e Estradas"),
)

RESOLUCAO: tuple[Block, ...] = (
    Scope("Resolução COMPAC nº 4/2024"),
    Prose("epigrafe", "RESOLUÇÃO COMPAC Nº 4, DE 11 DE MARÇO DE 2024"),
    Prose(
        "ementa",
        "Aprova os critérios de inscrição de bens no Livro do Patrimônio Imaterial de Brejo Alto.",
    ),
    Prose(
        "texto",
        "O CONSELHO MUNICIPAL DO PATRIMÔNIO CULTURAL, reunido em sessão ordinária no dia 11 de "
        "março de 2024, no uso de suas atribuições regimentais, RESOLVE:",
    ),
    art(
        1,
        "Podem ser inscritos no Livro do Patrimônio Imaterial os saberes, as celebrações, as "
        "formas de expressão e os lugares que constituam referência para os moradores do "
        "Município há pelo menos três gerações.",
    ),
    art(2, "São legitimados para propor a inscrição:"),
    inc("I", "qualquer conselheiro;", "-"),
    inc("II", "as associações culturais com sede no Município; e", "-"),
    inc("III", "grupo de, no mínimo, trinta cidadãos.", "-"),
    art(3, "A proposta será dirigida à presidência do Conselho e conterá:"),
    inc("I", "a descrição do bem e a indicação dos seus detentores;", "-"),
    inc("II", "a documentação disponível, assim compreendida:", "-"),
    ali("a", "fotografias, gravações, partituras ou desenhos;"),
    ali("b", "depoimentos de ao menos dois mestres; e"),
    ali("c", "referências bibliográficas, quando existirem; e"),
    inc("III", "a declaração de anuência da comunidade.", "-"),
    par(1, "As propostas incompletas serão devolvidas para complementação em sessenta dias."),
    par(
        2,
        "A anuência poderá ser prestada oralmente, em reunião convocada para esse fim, da qual "
        "se lavrará ata subscrita pelos presentes.",
    ),
    art(
        4,
        "Admitida a proposta, será designado relator, que apresentará parecer fundamentado no "
        "prazo de noventa dias, prorrogável por igual período, depois de visita ao local e de "
        "consulta pública aberta por trinta dias no sítio eletrônico da Prefeitura.",
    ),
    art(5, "O parecer concluirá por uma das seguintes providências:"),
    inc("I", "inscrição no Livro;", "-"),
    inc("II", "diligência, com indicação precisa do que deva ser completado; ou", "-"),
    inc("III", "arquivamento motivado.", "-"),
    unico(
        "Do arquivamento cabe recurso ao Plenário, interposto por qualquer dos legitimados a "
        "que se refere o art. 2º desta Resolução, em quinze dias contados da publicação."
    ),
    art(
        6,
        "A inscrição será aprovada, em votação nominal e aberta, pelo voto favorável de dois "
        "terços dos conselheiros e revista a cada dez anos, para verificação da permanência do "
        "bem e das condições em que é praticado ou celebrado pela comunidade.",
    ),
    par(1, "O bem que houver desaparecido permanecerá registrado como memória."),
    par(2, "O Conselho poderá recomendar medidas de salvaguarda, entre as quais:"),
    inc("I", "a realização de oficinas nas escolas municipais;", "-"),
    inc("II", "a concessão de bolsas a mestres e aprendizes; e", "-"),
    inc("III", "a publicação de inventários e registros sonoros.", "-"),
    art(7, "Ficam inscritos, na data desta Resolução, os seguintes bens:"),
    inc("I", "o toque de sino da Capela de Santa Efigênia do Brejo;", "-"),
    inc("II", "o modo de fazer a rapadura de cabaça; e", "-"),
    inc("III", "a Roda de Coco do Bairro Olaria.", "-"),
    art(8, "Esta Resolução entra em vigor na data de sua publicação."),
    Prose("assinatura", "IRACEMA FONTOURA DO VALE"),
    Prose("cargo", "Presidente do COMPAC"),
)

NOTICES: tuple[Block, ...] = (
    Prose("epigrafe", "AVISO DE LICITAÇÃO"),
    Prose(
        "texto",
        "PREGÃO ELETRÔNICO Nº 9/2024. OBJETO: registro de preços para aquisição de tubos de "
        "concreto destinados a bueiros. ABERTURA: 2 de abril de 2024, às 9h (horário local). "
        "O edital pode ser retirado na sede da Prefeitura, de segunda a sexta-feira, das 8h às "
        "14h, ou em licitacoes.brejoalto.example.",
    ),
    Prose("assinatura", "TEODORO LACERDA PINTO"),
    Prose("cargo", "Pregoeiro"),
    Rule(),
    Prose("epigrafe", "EXTRATO DE CONTRATO"),
    Prose(
        "texto",
        "CONTRATO Nº 31/2024. CONTRATANTE: Município de Brejo Alto. CONTRATADA: Cantaria & "
        "Filhos Ltda. OBJETO: recuperação do calçamento da Rua das Lavadeiras. VALOR: "
        "R$ 148.730,55 (cento e quarenta e oito mil, setecentos e trinta reais e cinquenta e "
        "cinco centavos). VIGÊNCIA: seis meses. FUNDAMENTO: Pregão Eletrônico nº 2/2024.",
    ),
    Prose("assinatura", "ANSELMO TAVEIRA QUINTAL"),
    Prose("cargo", "Prefeito Municipal"),
)

DIARIO_OFICIAL = Document(
    name="diario-oficial-brejo-alto-2024-03-18",
    title="Diário Oficial do Município de Brejo Alto, edição nº 1.207",
    sheet=gazette_sheet(),
    geometry=Geometry(left=36, right=36, top=56, bottom=42, gutter=18, first_top=100),
    furniture=gazette("segunda-feira, 18 de março de 2024", "ANO XI – EDIÇÃO Nº 1.207"),
    sections=(
        Section(EXPEDIENTE, columns=2),
        _band("PODER EXECUTIVO", "Secretaria Municipal de Mobilidade e Estradas"),
        Section(PORTARIA, columns=2),
        _band("ÓRGÃOS COLEGIADOS", "Conselho Municipal do Patrimônio Cultural"),
        Section(RESOLUCAO, columns=2),
        _band("LICITAÇÕES E CONTRATOS", "Comissão Permanente de Licitação"),
        Section(NOTICES, columns=2),
    ),
    page_count=2,
    crossings=1,
    traps=(
        Trap(1, r"^PODER EXECUTIVO"),
        Trap(1, r"^ÓRGÃOS COLEGIADOS"),
        Trap(1, r"para verifi-$"),
        Trap(2, r"^cação da permanência"),
        Trap(2, r"^LICITAÇÕES E CONTRATOS"),
    ),
)
